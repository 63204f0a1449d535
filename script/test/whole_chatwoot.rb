# frozen_string_literal: true

require_relative "command"
require_relative "specs"

# What runs beside the whole Chatwoot of bin/chatwoot, whose folder outlives a run.
class WholeChatwoot
  PROGRAM = File.join(ROOT, "bin/chatwoot")
  # What bin/chatwoot ends with where what it needs cannot be had.
  UNAVAILABLE = 75

  # RSpec files that speak to it.
  def self.specs(pattern)
    specs = Specs.new(pattern)
    new(-> { specs.there? }) do
      system(File.join(ROOT, "bin/setup"), "browser") ? specs.run : Tally.new(failed: 1)
    end
  end

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
