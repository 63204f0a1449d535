# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What a terminal shows of a backfill.
    module BackfillWords
      BAR = 30
      # What a dry run has found of contacts.
      WOULD = { "created" => "would be made", "linked" => "would be linked to whom Krayin has",
                "updated" => "would be changed", "unchanged" => "are in Krayin as they are",
                "skipped" => "would be left out", "later" => "could not be asked for" }.freeze

      class << self
        # @param told [Hash{Symbol => Object}] see {BackfillEstimate.of}
        # @return [Array<String>]
        def estimate(told)
          lines = ["#{number(told[:contacts])} contacts: #{number(told[:new])} not brought over yet#{there(told)}, " \
                   "#{number(told[:changed])} changed since, #{number(told[:unchanged])} in Krayin as they are"]
          lines << "#{number(told[:left_out])} others are not chosen, or are not brought to Krayin" if
            told[:left_out].positive?
          also = %i[conversations messages].select { |kind| told[kind].positive? }
          lines << "with them #{also.map { |kind| "#{number(told[kind])} #{kind}" }.join(" and ")}" if also.any?
          lines << "about #{number(told[:requests])} requests, #{pace(told)}: #{span(told[:seconds])}"
        end

        # What is confirmed.
        def question(told)
          "Bring #{number(told[:contacts])} contacts to Krayin, with about #{number(told[:requests])} requests " \
            "in #{span(told[:seconds])}?"
        end

        # @param told [Hash{Symbol => Object}] see {Backfill#progress}
        # @return [String] one line
        def bar(told)
          part = told[:total].zero? ? 1.0 : [told[:done].fdiv(told[:total]), 1.0].min
          drawn = "#" * (part * BAR).floor
          counts = "#{number(told[:done])} of #{number(told[:total])}"
          [format("[%-#{BAR}s] %5.1f %%", drawn, (part * 1000).floor / 10.0), counts, standing(told)].join("  ")
        end

        # @param told [Hash{Symbol => Object}] see {Backfill#report}
        # @return [Array<String>]
        def report(told)
          lines = [bar(told), *told[:reason], *counts(told)]
          lines << "#{number(told[:conversations])} conversations, #{number(told[:messages])} messages, " \
                   "#{number(told[:requests])} requests (#{number(told[:estimate]["requests"].to_i)} estimated) in " \
                   "#{span(told[:worked_seconds])}"
          lines + told[:examples].flat_map { |name, contacts| named(word(told, name), contacts) }
        end

        # The contacts that a report names.
        # @param told [Hash{Symbol => Object}] see {Backfill#report}
        # @return [Array<String>]
        def csv(told)
          rows = told[:examples].flat_map { |name, contacts| contacts.map { |id, code| [id, name, code].join(",") } }
          ["contact,outcome,reason", *rows]
        end

        # @param seconds [Numeric]
        def span(seconds)
          minutes = (seconds / 60.0).ceil
          return "#{seconds.ceil} s" if seconds < 60
          return "#{minutes} min" if minutes < 60

          hours, minutes = minutes.divmod(60)
          hours < 48 ? "#{hours} h #{minutes} min" : "#{hours / 24} d #{hours % 24} h"
        end

        # 1234567 as 1,234,567.
        def number(count) = count.to_s.gsub(/(?<=\d)(?=(\d{3})+\z)/, ",")

        private

        def there(told) = (", of whom Krayin has about #{number(told[:there])}" if told[:there].positive?)

        def counts(told)
          counted = Backfill::OUTCOMES.map(&:to_sym).select { |name| told[name].positive? }
          counted.map { |name| format("%<count>12s %<name>s", count: number(told[name]), name: word(told, name)) }
        end

        def word(told, name) = (WOULD[name.to_s] if told[:dry_run]) || name.to_s

        def pace(told)
          told[:per_minute] ? "#{told[:per_minute]} a minute" : "without a throttle"
        end

        def standing(told)
          return told[:state] unless told[:state] == "running"
          return "begins" unless told[:per_minute]

          format("%<rate>s a minute, %<left>s left, ends %<at>s", rate: told[:per_minute],
                                                                  left: span(told[:seconds_left]),
                                                                  at: told[:ends_at].strftime("%a %-d %b %H:%M UTC"))
        end

        def named(name, contacts)
          contacts.group_by(&:last).map do |code, of|
            "#{name}#{" (#{code})" if code}: contacts #{of.map(&:first).join(", ")}"
          end
        end
      end
    end
  end
end
