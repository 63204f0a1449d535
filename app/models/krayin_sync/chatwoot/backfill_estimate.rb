# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What a run would have to do, counted in the database; of Krayin some of its persons are read, where that is asked.
    class BackfillEstimate
      include Opaque

      # What a stock Krayin takes of a token in a minute.
      LIMIT = 60
      # Seconds that a call takes where nothing throttles; some are made at once.
      REQUEST = 0.1
      # Seconds that a contact takes of whom nothing need be asked.
      CONTACT = 0.004

      UNCHANGED = "link.person_id IS NOT NULL AND NOT link.in_flight " \
                  "AND contacts.updated_at < date_trunc('second', link.seen_at)"
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
        unchanged: "count(*) FILTER (WHERE #{UNCHANGED})",
        companies: "count(*) FILTER (WHERE #{NEW_COMPANY})",
        company_names: "count(DISTINCT lower(btrim(contacts.additional_attributes ->> 'company_name'))) " \
                       "FILTER (WHERE #{NEW_COMPANY})",
        profiles: "count(*) FILTER (WHERE #{NEW_PROFILE})"
      }.freeze
      # What is told of it.
      TOLD = %i[contacts known unchanged changed new there conversations messages].freeze
      private_constant :UNCHANGED, :NEW_COMPANY, :NAMES, :NEW_PROFILE, :COUNTED, :TOLD

      # @param hook [Integrations::Hook]
      # @param choice [BackfillChoice]
      # @param asks [Boolean] whether Krayin is asked how many it has that were never brought over, and contacts that
      #   were written since are looked at; else what was found some minutes ago counts
      # @return [Hash{Symbol => Integer, Float, nil}] contacts; of these known (in Krayin by their link), unchanged,
      #   changed and new, and of the new ones those that Krayin has (there); conversations and messages that are not
      #   in Krayin; requests; per_minute, what the budget lets through, nil without a throttle; seconds; left_out,
      #   contacts that the connection does not bring
      def self.of(hook, choice, asks: false) = new(hook, choice, asks: asks).to_h

      # As {of}.
      def initialize(hook, choice, asks:)
        @hook = hook
        @choice = choice
        @asks = asks
        @found = Hash.new(0)
        @written = []
      end

      # @return [Hash{Symbol => Integer, Float, nil}] see {of}
      def to_h
        @talks = BackfillTalks.new(@hook) if @choice.conversations?
        @choice.each_range(@hook) { |ids| count(ids) }
        @found[:new] = @found[:contacts] - @found[:known]
        @found.update(found_out)
        requests = BackfillRequests.new(@hook).of(@found)
        TOLD.to_h { |name| [name, @found[name]] }
            .merge(requests: requests, per_minute: limit, seconds: seconds(requests),
                   left_out: @found[:all] - @found[:contacts])
      end

      private

      def count(ids)
        chosen = @choice.here(@hook, ids)
        row = linked(chosen, "contact").pick(*COUNTED.values.map { |sql| ::Arel.sql(sql) })
        add(COUNTED.keys.zip(row))
        add(all: ::Contact.unscoped.where(account_id: @hook.account_id, id: ids).count)
        of = chosen.select(:id)
        add(@talks.count(@choice.conversations(@hook, of))) if @talks
        add(messages: missing(@choice.messages(@hook, of))) if @choice.messages?
        look_at(chosen) if @asks
      end

      def add(counts) = counts.each { |name, count| @found[name] += count }

      def look_at(chosen)
        written = linked(chosen, "contact").where("link.person_id IS NOT NULL AND (#{UNCHANGED}) IS NOT TRUE")
        @written.concat(written.order("contacts.id").limit(BackfillChanges::OF_PAGE).pluck("contacts.id"))
      end

      def missing(messages) = linked(messages, "message").where("link.activity_id IS NULL").count

      def linked(records, kind) = Stale.linked(records, kind, @hook)

      def found_out
        findings = BackfillFindings.new(@hook, @choice)
        found = @asks ? findings.keep({ "part" => BackfillChanges.new(@hook, @written).part, **sample }) : findings.kept
        there = found["there"].to_i.clamp(0, @found[:new])
        changed = ((@found[:known] - @found[:unchanged]) * found.fetch("part", 1)).round
        { there: there, leadless: found["leadless"].to_i.clamp(0, there), persons: found["persons"],
          changed: changed, unchanged: @found[:known] - changed }
      end

      # As many as are worth to read whom Krayin has.
      def sample
        return {} unless BackfillIndex.worth?(@hook, @found[:new])

        new = linked(@choice.contacts(@hook), "contact").where("link.person_id IS NULL")
        BackfillSample.new(@hook, new).take
      end

      def seconds(requests)
        asked = requests * (limit ? 60.0 / limit : REQUEST / BackfillPace.most)
        [asked, @found[:contacts] * CONTACT].max.ceil
      end

      # Servers that send no rate headers have no throttle. The budgets of several tokens add up.
      def limit
        return if @hook.settings.dig("traits", "rate_headers") == false

        refused = HookSettings.refused_tokens(@hook).uniq.size
        LIMIT * [@hook.settings["api_token"].to_s.split.uniq.size - refused, 1].max
      end
    end
  end
end
