# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Brings back the jobs that wait until a person has mended a hook's connection: they would stay away for minutes.
    class WakeJob
      include ::Sidekiq::Worker

      # Of a job that waits so, in its argument.
      MARK = "parked"
      # Seconds for which it is known that a hook has such jobs: longer than any of them waits.
      NOTED = 3600

      sidekiq_options "queue" => "krayin_sync", "retry" => 5, "wrapped" => "KrayinSync::Chatwoot::WakeJob"

      class << self
        # A hook has a job that waits so.
        def note(hook_id) = RedisStore.call("SET", key(hook_id), "1", "EX", NOTED)

        # Its connection works: what waits so need wait no longer.
        def enqueue(hook_id)
          return unless RedisStore.call("DEL", key(hook_id)).positive?

          set(queue: Chatwoot.configuration.queue)
            .perform_async({ "job_id" => "#{hook_id}:wake", "hook_id" => hook_id })
        end

        private

        def key(hook_id) = RedisStore.key(MARK, hook_id)
      end

      # @param asked [Hash{String => Object}] hook_id; job_id for those who log
      def perform(asked)
        ::Sidekiq::ScheduledSet.new.scan("*\"#{MARK}\":true*") do |job|
          of = job.args.first
          job.add_to_queue if of.is_a?(Hash) && of[MARK] && of["hook_id"] == asked["hook_id"]
        end
      end
    end
  end
end
