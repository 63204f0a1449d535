# frozen_string_literal: true

# How many tests passed, failed and were left out.
#
# A suite that found nothing to run is bad, unless it was excused: it said why it cannot run here.
Tally = Struct.new(:passed, :failed, :skipped, :excused, keyword_init: true) do
  def initialize(passed: 0, failed: 0, skipped: 0, excused: false) = super

  def +(other)
    Tally.new(passed: passed + other.passed, failed: failed + other.failed, skipped: skipped + other.skipped)
  end

  def none? = (passed + failed).zero?

  def good? = failed.zero? && (excused || !none?)

  def to_s
    text = "#{passed} passed, #{failed} failed"
    skipped.zero? ? text : "#{text}, #{skipped} skipped"
  end
end
