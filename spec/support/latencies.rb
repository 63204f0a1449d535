# frozen_string_literal: true

# Notes how long interrupts took and prints the slowest of each kind when the specs are over. What is measured is told;
# what is asserted is wider, so that a busy machine fails nothing.
module Latencies
  @taken = Hash.new { |taken, kind| taken[kind] = [] }

  class << self
    # @return [Float] seconds that the block took
    def measure(kind)
      began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      yield
      note(kind, Process.clock_gettime(Process::CLOCK_MONOTONIC) - began)
    end

    def note(kind, seconds)
      @taken[kind] << seconds
      seconds
    end

    def to_s
      kinds = @taken.map do |kind, taken|
        format("%<kind>s %<slowest>.0f ms (%<count>d)", kind: kind, slowest: taken.max * 1000, count: taken.size)
      end
      "interrupts, the slowest of each: #{kinds.join(", ")}"
    end

    def any? = !@taken.empty?
  end
end

RSpec.configure do |config|
  config.after(:suite) { config.reporter.message(Latencies.to_s) if Latencies.any? }
end
