# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What a run would have to do, counted in the database alone: nothing is asked of Krayin.
    module BackfillEstimate
      # Requests that each takes. Whether Krayin has a contact that was never brought over is not known before: those
      # that it has take one or two more, as all do that are too few for Krayin to be read first.
      REQUESTS = { new: 1, changed: 2, unchanged: 0, conversations: 1, messages: 1 }.freeze
      # What a stock Krayin takes of a token in a minute, and the part of it that is not left to live events.
      LIMIT = 60
      BULK = Rational(3, 4)
      # Seconds that a request takes, all told, where nothing throttles.
      REQUEST = 0.1

      # Of contacts that are joined with their links.
      COUNTED = {
        contacts: "count(*)",
        known: "count(link.person_id)",
        unchanged: "count(*) FILTER (WHERE link.person_id IS NOT NULL AND NOT link.in_flight " \
                   "AND contacts.updated_at < date_trunc('second', link.seen_at))"
      }.freeze
      private_constant :COUNTED

      class << self
        # @param hook [Integrations::Hook]
        # @param choice [BackfillChoice]
        # @return [Hash{Symbol => Integer, Float, nil}] contacts; of these known (in Krayin by their link), unchanged,
        #   changed and new; conversations and messages that are not in Krayin; requests; per_minute, what the budget
        #   lets through, nil without a throttle; seconds; left_out, contacts that the connection does not bring
        def of(hook, choice)
          found = Hash.new(0)
          choice.each_range(hook) { |ids| count(hook, choice, ids, found) }
          told(found, limit(hook))
        end

        # @param requests [Numeric]
        # @param per_minute [Integer, nil]
        # @return [Integer]
        def seconds(requests, per_minute) = (per_minute ? requests * 60.0 / per_minute : requests * REQUEST).ceil

        private

        def told(found, limit)
          contacts, known, unchanged = found.values_at(:contacts, :known, :unchanged)
          counts = { contacts: contacts, known: known, unchanged: unchanged, changed: known - unchanged,
                     new: contacts - known, conversations: found[:conversations], messages: found[:messages] }
          requests = REQUESTS.sum { |what, each| counts[what] * each }
          requests += counts[:new] if counts[:new] < BackfillIndex::WORTH
          per_minute = limit && (limit * BULK).floor
          counts.merge(requests: requests, per_minute: per_minute, seconds: seconds(requests, per_minute),
                       left_out: found[:all] - contacts)
        end

        def count(hook, choice, ids, found)
          chosen = choice.contacts(hook).where(id: ids)
          row = linked(chosen, "contact", hook).pick(*COUNTED.values.map { |sql| ::Arel.sql(sql) })
          COUNTED.keys.zip(row) { |name, count| found[name] += count }
          found[:all] += ::Contact.unscoped.where(account_id: hook.account_id, id: ids).count
          of = chosen.select(:id)
          found[:conversations] += missing(choice.conversations(of), "conversation", hook) if choice.conversations?
          found[:messages] += missing(choice.messages(of), "message", hook) if choice.messages?
        end

        def missing(records, kind, hook) = linked(records, kind, hook).where("link.activity_id IS NULL").count

        def linked(records, kind, hook)
          join = "LEFT JOIN krayin_sync_links link ON link.kind = ? AND link.record_id = #{kind}s.id " \
                 "AND link.instance = ?"
          records.joins(::ActiveRecord::Base.sanitize_sql_array([join, kind, HookSettings.instance(hook)]))
        end

        # Servers that send no rate headers have no throttle. The budgets of several tokens add up.
        def limit(hook)
          return if hook.settings.dig("traits", "rate_headers") == false

          LIMIT * [hook.settings["api_token"].to_s.split.uniq.size, 1].max
        end
      end
    end
  end
end
