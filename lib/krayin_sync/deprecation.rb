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

    # Gives an accessor its former name as well.
    # @param owner [Class] whose instances have it
    # @param former [Symbol]
    # @param now [Symbol]
    # @param told [String] one of {TERMS}
    def self.rename(owner, former, now, told)
      # Of text, not of a block, as what stands beside it: see {KrayinSync.configuration}.
      owner.class_eval <<~METHODS, __FILE__, __LINE__ + 1
        def #{former}                     # def pace
          Deprecation.tell(#{told.dump})  #   Deprecation.tell("KrayinSync.pace")
          #{now}                          #   limiter_store
        end                               # end

        def #{former}=(value)             # def pace=(value)
          Deprecation.tell(#{told.dump})  #   Deprecation.tell("KrayinSync.pace")
          self.#{now} = value             #   self.limiter_store = value
        end                               # end
      METHODS
    end
  end
end
