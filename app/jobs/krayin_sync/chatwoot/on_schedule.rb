# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A job that sidekiq-cron begins where it is there; else whoever runs the installation calls its rake task. It has a
    # NAME, and says by +cron+ when.
    module OnSchedule
      # @return [void]
      def schedule
        return unless defined?(::Sidekiq::Cron::Job) && ::Sidekiq.server?

        cron = self.cron
        return ::Sidekiq::Cron::Job.destroy(self::NAME) unless cron

        ::Sidekiq::Cron::Job.create(name: self::NAME, cron: cron, class: name, queue: Chatwoot.configuration.queue,
                                    args: [{ "job_id" => self::NAME }])
      end
    end
  end
end
