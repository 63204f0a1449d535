# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A slice of a {Backfill}: some seconds of one lane. It comes back behind whatever stands in the queue meanwhile.
    class BackfillJob
      include ::Sidekiq::Worker

      sidekiq_options "queue" => "krayin_sync", "retry" => 25, "wrapped" => "KrayinSync::Chatwoot::BackfillJob"

      # A database that is away is soon back.
      sidekiq_retry_in { |count| [2, 2, 5, 10, 20][count] || 60 }

      # @param asked [Hash{String => Object}] lane, ticket; job_id for those who log
      def perform(asked)
        BackfillLane.work(asked["lane"], asked["ticket"]) { |lane| BackfillWork.new(lane, jid).perform }
      end
    end
  end
end
