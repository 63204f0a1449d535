# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # How many requests a {Backfill} takes for what was counted, by what the connection and its Krayin make of each
    # record. Those whom Krayin has as they are take hardly any.
    class BackfillRequests
      include Opaque

      # What a hundred persons are read with, and their leads.
      READ = Rational(2, BackfillGlance::PAGE)
      # A contact whose conversation makes its lead: the person's leads, and the lead.
      LED = 2

      # Whether each contact is to have a lead.
      # @param settings [Hash{String => Object}] a hook's
      def self.leads?(settings) = [nil, "per_contact"].include?(Settings.choice(settings, "lead_policy"))

      # @param hook [Integrations::Hook]
      def initialize(hook)
        @settings = hook.settings.to_h
        @hook = hook
      end

      # @param counts [Hash{Symbol => Integer, nil}] see {BackfillEstimate.of}, {BackfillTalks#count} and
      #   {BackfillSample#take}; of new contacts companies, and notes of where they are found
      # @return [Integer]
      def of(counts)
        new_ones(counts) + (counts[:changed] * changed).ceil + of_talks(counts) +
          counts.values_at(:leadless, :profiles, :messages).sum
      end

      private

      def documented? = @settings["api_dialect"].to_s.casecmp?("documented")

      def new_ones(counts)
        new, there = counts.values_at(:new, :there)
        # A search, where it finds nobody a create, and else a look for the lead.
        return (new * (made + 1)) - (there * (made - 1)) + companies(counts) unless read?(counts)

        ((new - there) * made) + (there * READ).ceil + index(counts)
      end

      # Whether Krayin's persons are read first.
      def read?(counts)
        BackfillIndex.worth?(@hook, counts[:new]) && BackfillIndex.worth_reading?(counts[:persons].to_i, counts[:new])
      end

      # Up to when all is known, and all of it, with the page that has no more.
      def index(counts) = ((counts[:persons] || counts[:contacts]) / BackfillIndex::PAGE) + 2

      # Person and lead are made in one, where a server does both and no workflow of its own waits for a person.
      def made
        self.class.leads?(@settings) && (documented? || @settings.dig("traits", "person_workflow")) ? 2 : 1
      end

      # One that takes organizations by their ids alone has them looked for, and made.
      def companies(counts)
        return 0 unless documented? && Settings.on?(@settings, "sync_to_organization")

        counts[:companies] + counts[:company_names]
      end

      # What it is read with, and what is written.
      def changed = documented? ? 2 : 1 + READ

      # A note is made, and given what a server forces on a new one.
      def of_talks(counts)
        notes, leads, looks, moves, led = counts.values_at(:notes, :leads, :looks, :moves, :led)
        (notes * (documented? ? 1 : 2)) + leads + looks + moves + (led * LED)
      end
    end
  end
end
