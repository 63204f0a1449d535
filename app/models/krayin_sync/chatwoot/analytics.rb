# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What a connection did within a time, by the hour or by the day, from what was counted as it happened.
    class Analytics
      include Opaque

      # Days that are told at once, and how many are told by the hour.
      MOST = 400
      BY_HOUR = 3
      USUAL = 7
      # What is told time by time.
      SERIES = %w[events bulk requests created persons_inbox leads_inbox won_inbox lost_inbox].freeze
      ENDS = %w[persons leads won lost].freeze
      TIMES = { "delay" => HourCount::DELAYS, "to_lead" => HourCount::TIMES, "to_reply" => HourCount::TIMES,
                "to_won" => HourCount::TIMES }.freeze
      COLUMNS = %w[synced skipped doubtful waiting refused].freeze

      # @param hook [Integrations::Hook]
      # @param from [String, nil] the first day, as 2026-01-31; a week ago where nil
      # @param to [String, nil] the last day; today where nil
      # @param zone [String, nil] whose days: a name of the tz database; UTC where nil
      # @raise [ArgumentError]
      def initialize(hook, from: nil, to: nil, zone: nil)
        @hook = hook
        @zone = ::Time.find_zone(zone.presence || "UTC") || raise(ArgumentError, "zone must be one of the tz database.")
        @to = day(to, "to") || @zone.today
        @from = day(from, "from") || (@to - (USUAL - 1))
        return if @from <= @to && (@to - @from) < MOST

        raise ArgumentError, "from must be before to, by less than #{MOST} days."
      end

      # @return [Hash{Symbol => Object}] from, to, step (hour or day), times (the beginning of each), series (numbers by
      #   name, time by time), use (of the budget, in percent), totals (of {SERIES}), failures (code, sentence and
      #   count), times_taken (median, most (of 95 in 100) in seconds, count and bounds of each of {TIMES}), of (by
      #   inbox, source and agent: id, name and how many)
      def to_h
        { from: @from.iso8601, to: @to.iso8601, step: step, times: times.map(&:iso8601), series: series, use: use,
          budget: budget, failures: failures, times_taken: TIMES.keys.to_h { |name| [name, taken(name)] },
          of: %w[inbox source agent].to_h { |by| [by, of(by)] } }
      end

      # @return [String] a line a time
      def to_csv
        columns = [*COLUMNS, "requests", "use", *ENDS]
        rows = times.each_with_index.map do |time, at|
          [time.iso8601, *columns.map { |name| name == "use" ? use[at] : series.fetch(name)[at] }]
        end
        # Times and numbers alone: none of them wants quotes.
        [["time", *columns], *rows].map { |row| "#{row.join(",")}\n" }.join
      end

      private

      def step = (@to - @from) < BY_HOUR ? "hour" : "day"

      def times
        @times ||= begin
          ends = @zone.local(@to.year, @to.month, @to.day) + 1.day
          found = [@zone.local(@from.year, @from.month, @from.day)]
          found << (step == "hour" ? found.last + 3600 : found.last + 1.day) while found.last < ends
          found[0...-1]
        end
      end

      def series
        @series ||= begin
          told = (COLUMNS + %w[requests] + ENDS).to_h { |name| [name, Array.new(times.size, 0)] }
          by_time.each do |row|
            name = name_of(row["name"], row["part"])
            told[name][row["at"]] += row["count"].to_i if told.key?(name)
          end
          told
        end
      end

      def name_of(name, part)
        return part if %w[events bulk].include?(name)

        name.delete_suffix("_inbox")
      end

      # In percent of what Krayin allows.
      def use
        return [] unless budget&.positive?

        minutes = step == "hour" ? 60 : 1440
        series["requests"].map { |count| (100.0 * count / (budget * minutes)).round(2) }
      end

      def budget = @budget ||= totals.dig(HourCount::GREATEST, "")

      def failures
        totals.fetch("failures", {}).sort_by { |_, count| -count }.map do |code, count|
          { code: code, count: count, sentence: Reason.new(code).sentence(::I18n.locale) }
        end
      end

      def taken(name)
        bounds = TIMES.fetch(name)
        counts = [*bounds.map(&:to_s), HourCount::MORE].map { |bound| totals.dig(name, bound).to_i }
        { count: counts.sum, median: quantile(counts, bounds, 0.5), most: quantile(counts, bounds, 0.95),
          bounds: bounds, counts: counts }
      end

      # Within its bounds it is told as if all were spread evenly; beyond the last of them, as that one.
      def quantile(counts, bounds, part)
        wanted = counts.sum * part
        return if counts.sum.zero?

        before = 0
        counts.each_with_index do |count, at|
          next before += count if before + count < wanted

          return bounds.last if at >= bounds.size

          least = at.zero? ? 0 : bounds[at - 1]
          return (least + ((bounds[at] - least) * (wanted - before) / count)).round(1)
        end
      end

      def of(by)
        counts = ENDS.to_h { |name| [name, totals.fetch("#{name}_#{by}", {})] }
        ids = counts.values.flat_map(&:keys).uniq
        names = names(by, ids.map(&:to_i))
        rows = ids.map do |id|
          { id: id.presence, name: names[id.to_i], **counts.to_h { |name, counted| [name.to_sym, counted[id].to_i] } }
        end
        rows.sort_by { |row| -ENDS.sum { |name| row[name.to_sym] } }
      end

      # @return [Hash{Integer => String}]
      def names(by, ids)
        case by
        when "inbox" then ::Inbox.where(account_id: @hook.account_id, id: ids).pluck(:id, :name).to_h
        when "agent" then Agents.of(@hook.account_id).where(id: ids).pluck(:id, :name).to_h
        else sources
        end
      end

      # Those that the set-up knows, and those that the settings' page has asked for.
      def sources
        settings = @hook.settings.to_h
        known = SettingsForm.new(@hook).sources_seen.to_h { |one| [one[:id], one[:name]] }
        { settings["default_source_id"].to_i => settings["default_source_name"],
          **settings.dig("traits", "sources").to_a.to_h, **known }
      end

      # Which of {#times} an hour belongs to: found among their beginnings, so that a day may have 23 hours.
      def by_time
        begins = times.map { |time| HourCount.connection.quote(time.utc.strftime("%F %T")) }.join(", ")
        rows(within.where(name: SERIES).group("at", :name, :part)
                   .select("width_bucket(hour, ARRAY[#{begins}]::timestamp[]) - 1 AS at, name, part, " \
                           "sum(count)::bigint AS count"))
      end

      def totals
        @totals ||= begin
          sum = "CASE WHEN name = '#{HourCount::GREATEST}' THEN max(count) ELSE sum(count) END::bigint AS count"
          found = rows(within.where.not(name: SERIES - ENDS.map { |name| "#{name}_inbox" }).group(:name, :part)
                             .select("name, part, #{sum}"))
          found.group_by { |row| row["name"] }
               .transform_values { |some| some.to_h { |row| [row["part"], row["count"].to_i] } }
        end
      end

      def within
        ends = @zone.local(@to.year, @to.month, @to.day) + 1.day
        HourCount.where(hook_id: @hook.id).where("hour >= ? AND hour < ?", times.first.utc, ends.utc)
      end

      def rows(relation)
        return [] unless HourCount.table_exists?

        HourCount.connection.select_all(relation.to_sql, "KrayinSync analytics").to_a
      end

      def day(given, name)
        return if given.blank?

        ::Date.iso8601(given.to_s)
      rescue ::Date::Error
        raise ArgumentError, "#{name} must be a day, as 2026-01-31."
      end
    end
  end
end
