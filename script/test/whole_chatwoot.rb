# frozen_string_literal: true

require_relative "command"
require_relative "specs"
require_relative "tally"

# What runs beside the whole Chatwoot of bin/chatwoot, whose folder outlives a run.
class WholeChatwoot
  PROGRAM = File.join(ROOT, "bin/chatwoot")
  # What bin/chatwoot ends with where what it needs cannot be had.
  UNAVAILABLE = 75

  # Files whose examples stop and kill what the others' need: they run when those have ended.
  ALONE = %w[deleted extensions failing killed lost neighbours].map { |name| "spec/whole/#{name}_spec.rb" }.freeze
  # How many of the others run beside one another: they wait for what is due later more than they work.
  LANES = 3

  # RSpec files that speak to it.
  def self.specs(pattern)
    files = Dir.glob(pattern, base: ROOT)
    new(-> { files.any? }) do
      tally = held { started { run_specs(files) } } if system(File.join(ROOT, "bin/setup"), "browser")
      tally || Tally.new(failed: 1)
    end
  end

  # One run at a time, for all that this run calls.
  def self.held
    folder = `#{PROGRAM} folder`.strip
    File.open("#{folder}.lock", File::RDWR | File::CREAT) do |lock|
      lock.flock(File::LOCK_EX)
      lock.truncate(0)
      lock.syswrite(Process.pid.to_s)
      ENV["CHATWOOT_HELD"] = folder
      yield folder
    ensure
      ENV.delete("CHATWOOT_HELD")
    end
  end

  # @return what the block returns; nothing where it could not be started
  def self.started
    # As the examples would have it.
    ENV["CHATWOOT_POLL"] ||= "1"
    return unless Command.run(PROGRAM, "start", quiet: true) { |line| warn(line) if line.start_with?("bin/chatwoot") }

    ENV["WHOLE_CHATWOOT"] = File.join(ENV.fetch("CHATWOOT_HELD"), "opt/ports.env")
    yield
  ensure
    ENV.delete("WHOLE_CHATWOOT")
    system(PROGRAM, "stop")
  end

  def self.run_specs(files)
    alone, others = files.partition { |file| ALONE.include?(file) }
    lanes = lanes_of(others).map { |lane| Thread.new { told(lane) } }
    tallies = lanes.map do |lane|
      tally, said = lane.value
      puts said
      tally
    end
    tallies << Specs.new(alone).run unless alone.empty?
    tallies.sum(Tally.new)
  end

  # The longest first, each where there is the least to do.
  def self.lanes_of(files)
    sizes = files.to_h { |file| [file, File.size(File.join(ROOT, file))] }
    lanes = Array.new(LANES) { [] }
    sizes.sort_by { |_, size| -size }.each { |file, _| lanes.min_by { |lane| lane.sum { |one| sizes[one] } } << file }
    lanes.reject(&:empty?)
  end

  def self.told(files)
    said = +""
    [Specs.new(files).run(quiet: true) { |line| said << line }, said]
  end
  private_class_method :held, :started, :run_specs, :lanes_of, :told

  # Chatwoot's own examples, of which none may fail because of the gem.
  def self.examples
    new(-> { true }) { Command.run(PROGRAM, "examples") ? Tally.new(passed: 1) : Tally.new(failed: 1) }
  end

  def initialize(there, &run)
    @there = there
    @run = run
  end

  def there? = @there.call

  def run
    return skipped("IT NEEDS ROOT") unless Process.uid.zero?
    return skipped("IT NEEDS DEBOOTSTRAP") unless File.executable?("/usr/sbin/debootstrap")
    return @run.call if system(PROGRAM, "system")
    return skipped("WHAT IT NEEDS CANNOT BE HAD NOW, SEE ABOVE") if Process.last_status.exitstatus == UNAVAILABLE

    Tally.new(failed: 1)
  end

  private

  # Nobody should take a run without it for one with it.
  def skipped(reason)
    puts "THE WHOLE CHATWOOT DID NOT RUN: #{reason}"
    Tally.new(skipped: 1, excused: true)
  end
end
