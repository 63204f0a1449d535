# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Has all records of a connection that stand in one way, or for one reason, tried again: a page at a time, each of
    # which the next job follows.
    class RetryJob
      include ::Sidekiq::Worker

      PAGE = 500

      sidekiq_options "queue" => "krayin_sync", "retry" => 5, "wrapped" => "KrayinSync::Chatwoot::RetryJob"

      # @param before [Integer, nil] links with a lower id than this one's alone
      # @return [void]
      def self.enqueue(hook_id, kind, state, reason, before: nil)
        asked = { "job_id" => "#{hook_id}:retry", "hook_id" => hook_id, "kind" => kind, "state" => state,
                  "reason" => reason, "before" => before, "asked_at" => ::Time.now.to_f }
        set(queue: Chatwoot.configuration.queue).perform_async(asked)
      end

      # @param asked [Hash{String => Object}] hook_id, kind, state, reason, before, asked_at; job_id for those who log
      def perform(asked)
        hook = KnownHook.wanted(asked["hook_id"])
        return unless hook && HookSettings.instance(hook)

        links = page(hook, asked)
        return if links.empty?

        LinkCare.new(hook).again(asked["kind"], links.map(&:last), bulk: true)
        return if links.size < PAGE

        self.class.set(queue: Chatwoot.configuration.queue)
            .perform_async(asked.merge("before" => links.last.first))
      end

      private

      # The account's alone: another one may have the same Krayin.
      def page(hook, asked)
        table = LinkList::TABLES.fetch(asked["kind"])
        links = LinkStore.of(hook, kind: asked["kind"], state: asked["state"], **reason(asked))
                         .joins("JOIN #{table} record ON record.id = krayin_sync_links.record_id")
                         .where(record: { account_id: hook.account_id })
        # What fails once more meanwhile is not tried without end.
        links = links.where("krayin_sync_links.updated_at <= ?", ::Time.at(asked["asked_at"]).utc)
        links = links.where("krayin_sync_links.id < ?", asked["before"]) if asked["before"]
        links.order(id: :desc).limit(PAGE).pluck(:id, :record_id)
      end

      def reason(asked) = asked["reason"] ? { reason_code: asked["reason"] } : {}
    end
  end
end
