# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What a Sidekiq process does for the sync beside its jobs: threads for them, the sweep's schedule, and at each of
    # Sidekiq's heartbeats a look whether a process has died with jobs of ours.
    module Server
      NAME = "krayin_sync"

      class << self
        # Called once, before Sidekiq fetches its first job.
        def start
          ::Sidekiq.configure_server do |config|
            open_queue(config, Chatwoot.configuration.queue)
            watch(config)
            config.on(:shutdown) { [KrayinSync.metrics, History].compact.each(&:flush) }
          end
          SweepJob.schedule
          ReconcileJob.schedule
        rescue StandardError => e
          # Whatever it is, it is not Chatwoot's to suffer.
          KrayinSync.logger&.error("krayin_sync: the sweep is not scheduled: #{e.class}. Restart Sidekiq.")
        end

        # @return [String, nil] what Sidekiq's register calls this process; nil outside of Sidekiq
        def identity
          return ::Sidekiq.default_configuration[:identity] if ::Sidekiq.respond_to?(:default_configuration)

          ::Sidekiq.respond_to?(:[]) ? ::Sidekiq[:identity] : ::Sidekiq.options[:identity]
        end

        private

        # A queue that nobody serves gets threads of its own: a slow Krayin holds those, and none of Chatwoot's.
        def open_queue(config, name)
          return open_last(name) unless config.respond_to?(:capsule)
          return if config.capsules.each_value.any? { |capsule| capsule.queues.include?(name) }

          config.capsule(NAME) do |capsule|
            capsule.concurrency = Chatwoot.configuration.concurrency
            capsule.queues = [name]
          end
        end

        # Before Sidekiq 7 all queues share the threads: it comes after all others.
        def open_last(name)
          queues = ::Sidekiq.respond_to?(:[]) ? ::Sidekiq[:queues] : ::Sidekiq.options[:queues]
          queues << name unless queues.include?(name)
        end

        def watch(config)
          config.on(:beat) { Sweep.recover }
        rescue ArgumentError
          # This Sidekiq has no such event: what was lost is found by the sweep.
          nil
        end
      end
    end
  end
end
