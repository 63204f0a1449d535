# frozen_string_literal: true

# How many tests passed, failed and were left out.
Tally = Struct.new(:passed, :failed, :skipped, keyword_init: true) do
  def initialize(passed: 0, failed: 0, skipped: 0) = super

  def +(other)
    Tally.new(passed: passed + other.passed, failed: failed + other.failed, skipped: skipped + other.skipped)
  end

  def none? = (passed + failed).zero?

  def good? = failed.zero? && !none?

  def to_s
    text = "#{passed} passed, #{failed} failed"
    skipped.zero? ? text : "#{text}, #{skipped} skipped"
  end
end
