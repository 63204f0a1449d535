# frozen_string_literal: true

require "etc"
require "fileutils"
require "json"
require "rbconfig"
require_relative "tally"

# Runs suites beside one another, each in a process of its own: what it says is shown whole when it ends. One lane has
# those that cargo runs, since two of them would wait for each other; the lane that is done first helps the other.
class Lanes
  LOGS = File.join(ROOT, "target/test")

  # How many at once: what LANES says, up to two. One after the other is easier to read.
  def self.most = ENV.fetch("LANES", "1").to_i.clamp(1, [Etc.nprocessors, 2].min)

  # @param names [Array<String>]
  # @yieldparam name [String] a suite that has ended
  # @yieldparam tally [Tally]
  # @yieldparam seconds [Float]
  def initialize(names, &ended)
    @queues = names.partition { |name| cargo?(SUITES.fetch(name)) }
    @ended = ended
    @lock = Mutex.new
    @running = {}
    FileUtils.mkdir_p(LOGS)
  end

  def run
    lanes = @queues.each_index.map { |lane| Thread.new { work(lane) } }
    lanes.each(&:join)
  rescue SignalException
    # What was under way says how far it came.
    @running.each_value { |pid| Process.kill(:INT, pid) && Process.wait(pid) }
    @running.each_key { |name| show(name) }
    raise
  end

  private

  def cargo?(suite) = suite.is_a?(CargoTests) || suite.is_a?(Checks) || suite.is_a?(Several)

  def work(lane)
    while (name = take(lane))
      began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      tally = process(name)
      seconds = Process.clock_gettime(Process::CLOCK_MONOTONIC) - began
      @lock.synchronize do
        show(name)
        @ended.call(name, tally, seconds)
      end
    end
  end

  # The next of its own, or the last of the other's.
  def take(lane) = @lock.synchronize { @queues[lane].shift || @queues[1 - lane].pop }

  def process(name)
    result = File.join(LOGS, "#{name}.json")
    FileUtils.rm_f(result)
    pid = @lock.synchronize do
      @running[name] = Process.spawn({ "TALLY" => result }, RbConfig.ruby, File.join(ROOT, "script/test.rb"), name,
                                     in: File::NULL, out: log(name), err: %i[child out])
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
