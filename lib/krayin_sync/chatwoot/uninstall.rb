# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Takes out of Redis what would outlive the gem: without it, its jobs would fail for ever.
    class Uninstall
      JOB = /\AKrayinSync::/
      # Links that one statement deletes.
      BATCH = 10_000

      # @param hooks [Boolean] whether the connections go too, with the tokens in them
      # @param links [Boolean] whether the ids go too, with the log: a connection of later would find each record anew
      # @return [Hash{String => Integer}] how much of what was removed
      def run(hooks: false, links: false)
        unschedule
        Backfill.cancel_all
        Reconcile.cancel_all
        tell
        ShownLead.hooks.each { |hook_id| ShownLead.clear(hook_id) } if hooks
        more = {}
        more["connections"] = connections if hooks
        more["links"] = unlink if links
        # What goes with connections and links makes jobs and keys of its own.
        { "jobs" => jobs, "keys" => keys, **more }
      end

      private

      # What this process has counted and not brought yet would come after all else is gone.
      def tell = [KrayinSync.metrics, History].compact.each(&:flush)

      def unschedule
        return unless defined?(::Sidekiq::Cron::Job)

        [SweepJob, ReconcileJob].each { |job| ::Sidekiq::Cron::Job.destroy(job::NAME) }
      end

      def jobs
        sets = [::Sidekiq::ScheduledSet.new, ::Sidekiq::RetrySet.new, ::Sidekiq::DeadSet.new, *::Sidekiq::Queue.all]
        gone = sets.sum { |set| set.select { |job| job.klass.to_s.match?(JOB) }.each(&:delete).size }
        queue = ::Sidekiq::Queue.new(Chatwoot.configuration.queue)
        queue.clear if queue.size.zero?
        gone
      end

      def keys
        cursor = "0"
        found = []
        loop do
          cursor, names = RedisStore.call("SCAN", cursor, "MATCH", "#{RedisStore::PREFIX}:*", "COUNT", 1000)
          found.concat(names)
          break if cursor == "0"
        end
        found.uniq.each_slice(500) { |slice| RedisStore.call("DEL", *slice) }
        found.uniq.size
      end

      # A part at a time: Chatwoot allows a statement so many seconds.
      def unlink
        [LogLine, HourCount, Notice].select(&:table_exists?).each do |told|
          told.connection.execute("TRUNCATE #{told.quoted_table_name}", "KrayinSync history")
        end
        KrayinSync::Records::Link.in_batches(of: BATCH).sum(&:delete_all)
      end

      def connections = HookSettings.all.destroy_all.size
    end
  end
end
