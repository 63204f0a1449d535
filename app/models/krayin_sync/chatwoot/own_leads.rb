# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Leads that are a conversation's own (`per_conversation`), held against a page of all leads that Krayin has.
    #
    # As with {Inventory} what a page does not have is only doubted: the conversation's event looks at it by itself.
    class OwnLeads
      # Links that one statement reads.
      BATCH = 1000

      Link = KrayinSync::Records::Link
      private_constant :Link

      # @param hook [Integrations::Hook]
      # @param asked_at [Time] before the page was asked for: what was written since is as it was not yet
      def initialize(hook, asked_at)
        @hook = hook
        @asked_at = asked_at
      end

      # @param leads [Array<Integer>] of a page
      # @param range [Range] ids that the page has all of
      # @return [Array<Array(Integer, Integer)>] conversation and lead of each that it does not have
      def gone(leads, range)
        there = leads.to_set
        found = []
        held(range).in_batches(of: BATCH) do |some|
          rows = some.pluck(:id, :record_id, :lead_id, :revision).reject { |_, _, lead, _| there.include?(lead) }
          found.concat(doubt(of_hook(rows)))
        end
        found
      end

      private

      # Those that nobody works on now.
      def held(range)
        talks = ::Conversation.unscoped.where(account_id: @hook.account_id).select(:id)
        Link.where(instance: HookSettings.instance(@hook), kind: "conversation", in_flight: false, lead_id: range)
            .where("krayin_sync_links.updated_at < ?", @asked_at).where(record_id: talks)
      end

      # Whom another Krayin is for by now keeps what it has.
      def of_hook(rows)
        return [] if rows.empty?

        talks = ::Conversation.unscoped.where(conversations: { id: rows.map(&:second) })
                              .joins("JOIN contacts ON contacts.id = conversations.contact_id")
        here = Route.of(@hook.settings.to_h).pluck("conversation", talks).map(&:first)
        rows.select { |_, talk, _, _| here.include?(talk) }
      end

      def doubt(rows)
        LinkStore.doubt(rows.map { |id, _, _, revision| [id, revision] }, "lead", unverified: false)
        rows.map do |_, talk, lead, _|
          RecordRef.new(@hook.id, "conversation", talk).enqueue(bulk: true)
          [talk, lead]
        end
      end
    end
  end
end
