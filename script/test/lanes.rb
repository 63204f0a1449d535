# frozen_string_literal: true

require "etc"
require "fileutils"
require "json"
require "rbconfig"
require_relative "tally"

# Runs suites beside one another, each in a process of its own: what it says is shown whole when it ends. One lane has
# those that look at a clock, one after the other; the other has those that do not, and takes of the processor what the
# first leaves, which is much: most of them wait for a throttle, a pause or a name server.
class Lanes
  LOGS = File.join(ROOT, "target/test")
  # So that the second lane has a tenth where the first takes all.
  GIVE_WAY = %w[nice -n 10].freeze

  # How many at once: what LANES says, up to two. One after the other is easier to read.
  def self.most = ENV.fetch("LANES", "1").to_i.clamp(1, [Etc.nprocessors, 2].min)

  # @param names [Array<String>]
  # @yieldparam name [String] a suite that has ended
  # @yieldparam tally [Tally]
  # @yieldparam seconds [Float]
  def initialize(names, &ended)
    @names = names
    @queues = [names - GIVING_WAY, GIVING_WAY & names]
    @ended = ended
    @lock = Mutex.new
    @running = {}
    FileUtils.mkdir_p(LOGS)
  end

  def run
    # Cargo builds one thing at a time: a suite of the first lane would wait for one of the second.
    CargoTests.build if @names.any? { |name| SUITES.fetch(name).is_a?(CargoTests) }
    @lanes = @queues.each_index.map { |lane| Thread.new { work(lane) } }
    @lanes.each(&:join)
  ensure
    break_off
  end

  private

  # Where a lane or the whole is broken off, none begins anything more. What is under way ends, and says how far it was.
  def break_off
    Array(@lanes).each(&:kill).each(&:join)
    @running.each do |name, pid|
      interrupt(pid)
      show(name)
    end
  end

  def interrupt(pid)
    Process.kill(:INT, pid)
    Process.wait(pid)
  rescue Errno::ESRCH, Errno::ECHILD # its lane has seen it end
    nil
  end

  def work(lane)
    while (name = take(lane))
      began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      tally = process(name, lane.zero? ? [] : GIVE_WAY)
      seconds = Process.clock_gettime(Process::CLOCK_MONOTONIC) - began
      @lock.synchronize do
        show(name)
        @ended.call(name, tally, seconds)
      end
    end
  end

  # The next of its own. The first helps the second with its last; the second takes nothing that looks at a clock.
  def take(lane) = @lock.synchronize { @queues[lane].shift || (@queues.last.pop if lane.zero?) }

  def process(name, how)
    result = File.join(LOGS, "#{name}.json")
    FileUtils.rm_f(result)
    command = [*how, RbConfig.ruby, File.join(ROOT, "script/test.rb"), name]
    pid = @lock.synchronize do
      @running[name] =
        Process.spawn({ "TALLY" => result }, *command, in: File::NULL, out: log(name), err: %i[child out])
    end
    Process.wait(pid)
    @lock.synchronize { @running.delete(name) }
    # One that has died said nothing of what it counted.
    File.file?(result) ? Tally.new(**JSON.parse(File.read(result), symbolize_names: true)) : Tally.new(failed: 1)
  end

  def log(name) = File.join(LOGS, "#{name}.log")

  def show(name)
    puts "== #{name}"
    File.foreach(log(name)) { |line| print line }
  end
end
