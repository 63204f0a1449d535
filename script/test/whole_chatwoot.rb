# frozen_string_literal: true

require_relative "command"
require_relative "specs"

# RSpec files beside the whole Chatwoot of bin/chatwoot, whose folder outlives a run.
class WholeChatwoot
  PROGRAM = File.join(ROOT, "bin/chatwoot")
  # What bin/chatwoot ends with where what it needs cannot be had.
  UNAVAILABLE = 75

  def initialize(pattern)
    @specs = Specs.new(pattern)
  end

  def there? = @specs.there?

  def run
    return skipped("IT NEEDS ROOT") unless Process.uid.zero?
    return skipped("IT NEEDS DEBOOTSTRAP") unless File.executable?("/usr/sbin/debootstrap")

    return Tally.new(failed: 1) unless system(File.join(ROOT, "bin/setup"), "browser")
    return @specs.run if system(PROGRAM, "system")
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
