# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # On its schedule begins a {Reconcile} of each connection; and a slice of one. It comes back behind whatever stands
    # in the queue meanwhile.
    class ReconcileJob
      include ::Sidekiq::Worker
      extend OnSchedule

      NAME = "krayin_sync_reconcile"

      sidekiq_options "queue" => "krayin_sync", "retry" => 3, "wrapped" => "KrayinSync::Chatwoot::ReconcileJob"

      # @return [String, nil] its schedule
      def self.cron = Chatwoot.configuration.reconcile_schedule

      # @param asked [Hash{String => Object}] run and ticket of a slice; job_id for those who log
      def perform(asked = {})
        return begin_all unless asked["run"]

        Reconcile.work(asked["run"], asked["ticket"]) do |run|
          ReconcileWork.new(run, asked["ticket"]).perform || tell(run)
        end
      end

      private

      def begin_all
        HookSettings.hooks.each do |hook|
          next if hook.disabled? || !hook.feature_allowed?

          Reconcile.start(hook)
        rescue Reconcile::NotPossible => e
          KrayinSync.logger&.info("krayin_sync: hook #{hook.id} is not reconciled: #{e.message}")
        end
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
