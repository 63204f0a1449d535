# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What a run would have to do, counted in the database; of Krayin some of its persons are read, where that is asked.
    module BackfillEstimate
      # Requests that each takes. Whether Krayin has a contact that was never brought over is not known before: those
      # that it has as they are take hardly any, and all that are too few for Krayin to be read first take one more.
      REQUESTS = { new: 1, changed: 1, unchanged: 0, conversations: 1, messages: 1 }.freeze
      # What a hundred that have changed are read with.
      READ = Rational(2, BackfillGlance::PAGE)
      # What a stock Krayin takes of a token in a minute.
      LIMIT = 60
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
        # @param asks [Boolean] whether Krayin is asked how many it has that were never brought over
        # @return [Hash{Symbol => Integer, Float, nil}] contacts; of these known (in Krayin by their link), unchanged,
        #   changed and new, and of the new ones those that Krayin has (there); conversations and messages that are not
        #   in Krayin; requests; per_minute, what the budget lets through, nil without a throttle; seconds; left_out,
        #   contacts that the connection does not bring
        def of(hook, choice, asks: false)
          found = Hash.new(0).merge(conversations: 0, messages: 0)
          choice.each_range(hook) { |ids| count(hook, choice, ids, found) }
          found[:there] = there(hook, choice, found) if asks
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
                     new: contacts - known, there: found[:there], **found.slice(:conversations, :messages) }
          requests = REQUESTS.sum { |what, each| counts[what] * each }
          requests += ((counts[:changed] + counts[:there]) * READ).ceil - counts[:there]
          requests += counts[:new] < BackfillIndex::WORTH ? counts[:new] : (contacts / BackfillIndex::PAGE) + 2
          counts.merge(requests: requests, per_minute: limit, seconds: seconds(requests, limit),
                       left_out: found[:all] - contacts)
        end

        # As many as are worth to read whom Krayin has.
        def there(hook, choice, found)
          new = found[:contacts] - found[:known]
          return 0 unless BackfillIndex.worth?(hook, new)

          contacts = linked(choice.contacts(hook), "contact", hook).where("link.person_id IS NULL")
          BackfillSample.new(hook, contacts).count.clamp(0, new)
        end

        def count(hook, choice, ids, found)
          chosen = choice.here(hook, ids)
          row = linked(chosen, "contact", hook).pick(*COUNTED.values.map { |sql| ::Arel.sql(sql) })
          COUNTED.keys.zip(row) { |name, count| found[name] += count }
          found[:all] += ::Contact.unscoped.where(account_id: hook.account_id, id: ids).count
          of = chosen.select(:id)
          found[:conversations] += missing(choice.conversations(hook, of), "conversation", hook) if choice.conversations?
          found[:messages] += missing(choice.messages(hook, of), "message", hook) if choice.messages?
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
