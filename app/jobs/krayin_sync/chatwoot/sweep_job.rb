# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # The sweep, on its schedule.
    class SweepJob
      include ::Sidekiq::Worker
      extend OnSchedule

      NAME = "krayin_sync_sweep"

      sidekiq_options "queue" => "krayin_sync", "retry" => 3, "wrapped" => "KrayinSync::Chatwoot::SweepJob"

      # @return [String, nil] its schedule
      def self.cron = Chatwoot.configuration.sweep_schedule

      # @param seconds [Numeric] how far to look back
      # @param account_id [Integer, nil] of which account; of all where nil
      def self.enqueue(seconds: Chatwoot.configuration.sweep_window, account_id: nil)
        asked = { "job_id" => NAME, "seconds" => seconds, "account_id" => account_id }
        set(queue: Chatwoot.configuration.queue).perform_async(asked)
      end

      # @param asked [Hash{String => Object}] seconds, account_id; job_id for those who log
      def perform(asked = {})
        BothWaysJob.enqueue_left
        seconds = asked["seconds"] || Chatwoot.configuration.sweep_window
        hooks = HookSettings.of_account(asked["account_id"]) if asked["account_id"]
        found = Sweep.new(since: Time.now - seconds, hooks: hooks).run.select { |_, count| count.positive? }
        return if found.empty?

        told = found.map { |kind, count| "#{count} #{kind}" }.join(", ")
        KrayinSync.logger&.info("krayin_sync: the sweep enqueued #{told}")
      end
    end
  end
end
