# frozen_string_literal: true

# How many tests passed, failed and were left out, and what those that failed are called: of a long run its end is read
# first.
#
# A suite that found nothing to run is bad, unless it was excused: it said why it cannot run here.
Tally = Struct.new(:passed, :failed, :skipped, :excused, :bad, keyword_init: true) do
  def initialize(passed: 0, failed: 0, skipped: 0, excused: false, bad: []) = super

  def +(other)
    Tally.new(passed: passed + other.passed, failed: failed + other.failed, skipped: skipped + other.skipped,
              bad: bad + other.bad)
  end

  def none? = (passed + failed).zero?

  def good? = failed.zero? && (excused || !none?)

  def to_s
    text = "#{passed} passed, #{failed} failed"
    skipped.zero? ? text : "#{text}, #{skipped} skipped"
  end
end
