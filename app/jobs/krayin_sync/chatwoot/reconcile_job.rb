# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # On its schedule begins a {Reconcile} of each connection; and a slice of one. It comes back behind whatever stands
    # in the queue meanwhile. Where another account's is under way on the same Krayin, a connection waits for its end.
    class ReconcileJob
      include ::Sidekiq::Worker
      extend OnSchedule

      NAME = "krayin_sync_reconcile"
      # Seconds between two looks whether another one's has ended, and for how long it is waited for.
      LOOK = 120
      PATIENCE = 20 * 3600

      sidekiq_options "queue" => "krayin_sync", "retry" => 3, "wrapped" => "KrayinSync::Chatwoot::ReconcileJob"

      # @return [String, nil] its schedule
      def self.cron = Chatwoot.configuration.reconcile_schedule

      # @param asked [Hash{String => Object}] run and ticket of a slice; or the hook that waits for another one's, and
      #   until when, in seconds since 1970; job_id for those who log
      def perform(asked = {})
        return begin_all(*asked.values_at("hook", "until")) unless asked["run"]

        Reconcile.work(asked["run"], asked["ticket"]) do |run|
          ReconcileWork.new(run, asked["ticket"]).perform || tell(run)
        end
      end

      private

      def begin_all(only, give_up)
        HookSettings.hooks.each do |hook|
          begin_one(hook, give_up || (Time.now.to_i + PATIENCE)) if only.nil? || hook.id == only
        end
      end

      def begin_one(hook, give_up)
        Reconcile.start(hook) if HookSettings.wanted?(hook)
      rescue Reconcile::NotPossible => e
        return wait_for(hook, give_up) if Reconcile.underway_of_another?(hook) && Time.now.to_i < give_up

        KrayinSync.logger&.info("krayin_sync: hook #{hook.id} is not reconciled: #{e.message}")
      end

      def wait_for(hook, give_up)
        self.class.set(queue: Chatwoot.configuration.queue)
            .perform_in(LOOK, { "job_id" => "reconcile:hook:#{hook.id}", "hook" => hook.id, "until" => give_up })
      end

      def tell(run)
        told = run.report
        return if told[:state] == "running"

        KrayinSync.logger&.info("krayin_sync: reconciling hook #{run.hook_id} is #{told[:state]}: " \
                                "#{ReconcileWords.counts(told).join(", ")}")
        nil
      end
    end
  end
end
