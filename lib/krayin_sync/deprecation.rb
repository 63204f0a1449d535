# frozen_string_literal: true

module KrayinSync
  # Names of earlier versions that work for a while yet: what each is called now, since which version, and until when.
  # CHANGELOG.md lists them.
  # @api private
  module Deprecation
    # @!attribute now [r] the name to use
    # @!attribute since [r] the version that deprecated it
    # @!attribute day [r] the day of that version
    # @!attribute gone [r] the first version that may be without it
    # @!attribute earliest [r] the day before which it goes in no version
    Term = Struct.new(:now, :since, :day, :gone, :earliest)

    # By the name as people write it.
    TERMS = {
      "KrayinSync.pace" => "KrayinSync.limiter_store",
      "KrayinSync::Configuration#pace" => "KrayinSync::Configuration#limiter_store",
      "KrayinSync::Pace" => "KrayinSync::LimiterStore",
      "pace: of KrayinSync::ProcessorService" => "limiter_store:",
      "KrayinSync::Doctor#checks" => "KrayinSync::Doctor#findings"
    }.transform_values { |now| Term.new(now, "0.2.0", "2026-11-27", "0.4.0", "2027-11-27").freeze }.freeze

    # Says so where Ruby's own deprecations are said: `ruby -W:deprecated`, `Warning[:deprecated] = true`, test suites.
    # @param name [String] one of {TERMS}
    def self.tell(name)
      return unless Warning[:deprecated]

      term = TERMS.fetch(name)
      warn("#{name} is deprecated since krayin_sync #{term.since} (#{term.day}), and gone in #{term.gone}, " \
           "not before #{term.earliest}: use #{term.now}", category: :deprecated, uplevel: 2)
    end
  end
end
