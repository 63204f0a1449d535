# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # The sweep, on its schedule.
    class SweepJob
      include ::Sidekiq::Worker

      NAME = "krayin_sync_sweep"

      sidekiq_options queue: "medium", retry: 3

      # Where sidekiq-cron is there; else whoever runs the installation calls `rake krayin_sync:sweep`.
      def self.schedule
        return unless defined?(::Sidekiq::Cron::Job) && ::Sidekiq.server?

        cron = Chatwoot.configuration.sweep_schedule
        return ::Sidekiq::Cron::Job.destroy(NAME) unless cron

        ::Sidekiq::Cron::Job.create(name: NAME, cron: cron, class: name, queue: Chatwoot.configuration.queue)
      end

      # @param seconds [Numeric] how far to look back
      def perform(seconds = Chatwoot.configuration.sweep_window)
        found = Sweep.new(since: Time.now - seconds).run
        return if found.empty?

        told = found.map { |kind, count| "#{count} #{kind}" }.join(", ")
        KrayinSync.logger&.info("krayin_sync: the sweep enqueued #{told}")
      end
    end
  end
end
