# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What a run would have to do, counted in the database; of Krayin some of its persons are read, where that is asked.
    module BackfillEstimate
      # What a stock Krayin takes of a token in a minute.
      LIMIT = 60
      # Seconds that a request takes, all told, where nothing throttles.
      REQUEST = 0.1

      NEW_COMPANY = "link.person_id IS NULL AND btrim(contacts.additional_attributes ->> 'company_name') <> ''"
      NAMES = %w[social_telegram_user_name social_instagram_user_name social_facebook_user_name social_tiktok_user_name
                 username screen_name].map { |name| "contacts.additional_attributes ->> '#{name}'" }.join(", ").freeze
      # Who is found on a network alone, by a name there.
      NEW_PROFILE = "link.person_id IS NULL AND concat(contacts.email, contacts.phone_number) = '' " \
                    "AND concat(#{NAMES}) <> ''".freeze
      # Of contacts that are joined with their links.
      COUNTED = {
        contacts: "count(*)",
        known: "count(link.person_id)",
        unchanged: "count(*) FILTER (WHERE link.person_id IS NOT NULL AND NOT link.in_flight " \
                   "AND contacts.updated_at < date_trunc('second', link.seen_at))",
        companies: "count(*) FILTER (WHERE #{NEW_COMPANY})",
        company_names: "count(DISTINCT lower(btrim(contacts.additional_attributes ->> 'company_name'))) " \
                       "FILTER (WHERE #{NEW_COMPANY})",
        profiles: "count(*) FILTER (WHERE #{NEW_PROFILE})"
      }.freeze
      # What is told of it.
      TOLD = %i[contacts known unchanged changed new there conversations messages].freeze
      private_constant :NEW_COMPANY, :NAMES, :NEW_PROFILE, :COUNTED, :TOLD

      class << self
        # @param hook [Integrations::Hook]
        # @param choice [BackfillChoice]
        # @param asks [Boolean] whether Krayin is asked how many it has that were never brought over; else what it said
        #   some minutes ago counts
        # @return [Hash{Symbol => Integer, Float, nil}] contacts; of these known (in Krayin by their link), unchanged,
        #   changed and new, and of the new ones those that Krayin has (there); conversations and messages that are not
        #   in Krayin; requests; per_minute, what the budget lets through, nil without a throttle; seconds; left_out,
        #   contacts that the connection does not bring
        def of(hook, choice, asks: false)
          found = Hash.new(0)
          talks = BackfillTalks.new(hook) if choice.conversations?
          choice.each_range(hook) { |ids| count(hook, choice, ids, found, talks) }
          counts = { **found, new: found[:contacts] - found[:known], changed: found[:known] - found[:unchanged] }
          counts.default = 0
          counts.merge!(of_krayin(hook, choice, counts[:new], asks))
          told(counts, BackfillRequests.new(hook).of(counts), limit(hook))
        end

        # @param requests [Numeric]
        # @param per_minute [Integer, nil]
        # @return [Integer]
        def seconds(requests, per_minute) = (per_minute ? requests * 60.0 / per_minute : requests * REQUEST).ceil

        private

        def told(counts, requests, limit)
          TOLD.to_h { |name| [name, counts[name]] }
              .merge(requests: requests, per_minute: limit, seconds: seconds(requests, limit),
                     left_out: counts[:all] - counts[:contacts])
        end

        # As many as are worth to read whom Krayin has.
        def of_krayin(hook, choice, new, asks)
          told = (sample(hook, choice, asks) if BackfillIndex.worth?(hook, new)).to_h
          there = told["there"].to_i.clamp(0, new)
          { there: there, leadless: told["leadless"].to_i.clamp(0, there), persons: told["persons"] }
        end

        def sample(hook, choice, asks)
          contacts = linked(choice.contacts(hook), "contact", hook).where("link.person_id IS NULL")
          sample = BackfillSample.new(hook, contacts, choice.of_contacts)
          asks ? sample.take : sample.taken
        end

        def count(hook, choice, ids, found, talks)
          chosen = choice.here(hook, ids)
          row = linked(chosen, "contact", hook).pick(*COUNTED.values.map { |sql| ::Arel.sql(sql) })
          COUNTED.keys.zip(row) { |name, count| found[name] += count }
          found[:all] += ::Contact.unscoped.where(account_id: hook.account_id, id: ids).count
          of = chosen.select(:id)
          talks&.count(choice.conversations(hook, of))&.each { |name, count| found[name] += count }
          found[:messages] += missing(choice.messages(hook, of), hook) if choice.messages?
        end

        def missing(messages, hook) = linked(messages, "message", hook).where("link.activity_id IS NULL").count

        def linked(records, kind, hook)
          join = "LEFT JOIN krayin_sync_links link ON link.kind = ? AND link.record_id = #{kind}s.id " \
                 "AND link.instance = ?"
          records.joins(::ActiveRecord::Base.sanitize_sql_array([join, kind, HookSettings.instance(hook)]))
        end

        # Servers that send no rate headers have no throttle. The budgets of several tokens add up.
        def limit(hook)
          return if hook.settings.dig("traits", "rate_headers") == false

          refused = hook.settings["tokens_refused"].to_s.scan(/\d+/).uniq.size
          LIMIT * [hook.settings["api_token"].to_s.split.uniq.size - refused, 1].max
        end
      end
    end
  end
end
