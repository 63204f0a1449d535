# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A {LeadLook} of one hook.
    class LookJob
      include ::Sidekiq::Worker

      # Its next look is its next try.
      sidekiq_options "queue" => "krayin_sync", "retry" => false, "wrapped" => "KrayinSync::Chatwoot::LookJob"

      # Seconds for which one that was pushed counts as being on its way.
      ON_ITS_WAY = 120

      class << self
        # Pushes those that are due. Every process of Sidekiq's does at every beat.
        # @return [void]
        def enqueue_due = LeadLook.due.each { |hook| enqueue(hook.id) }

        # @return [Boolean] whether it was pushed: not where one is on its way
        def enqueue(hook_id)
          return false unless RedisStore.call("SET", key(hook_id), "1", "NX", "EX", ON_ITS_WAY) == "OK"

          set(queue: Chatwoot.configuration.queue)
            .perform_async({ "job_id" => "#{hook_id}:look", "hook_id" => hook_id })
          true
        end

        def key(hook_id) = RedisStore.key("look", hook_id)
      end

      # @param asked [Hash{String => Object}] hook_id; job_id for those who log
      def perform(asked)
        hook = ::Integrations::Hook.find_by(id: asked["hook_id"])
        look(hook) if hook && HookSettings.wanted?(hook) && LeadLook.on?(hook.settings.to_h)
      ensure
        RedisStore.call("DEL", self.class.key(asked["hook_id"]))
      end

      private

      def look(hook)
        row = LeadLook.of(hook)
        # Whoever brings events learns that Krayin is back, or mended.
        breaker = Breaker.new(RedisStore.connection_id(hook.settings))
        return row.put_off if hook.settings.key?("setup_error") || breaker.wait.positive?

        begin
          Lock.hold(hook.id, "look") { |lock| run(row, hook, lock) }
        ensure
          breaker.release_probe
        end
      end

      def run(row, hook, lock)
        ::ActiveRecord::Base.uncached do
          Instrumentation.tagged(account_id: hook.account_id, hook_id: hook.id) do
            row.look(hook) do
              ::ActiveRecord::Base.connection_pool.release_connection
              lock.extend_life
            end
          end
        end
      rescue Error => e
        row.put_off
        HookSettings.failed(hook, e) if Setback::NOT_ALLOWED.any? { |failure| e.is_a?(failure) }
        KrayinSync.logger&.warn("krayin_sync: a look at Krayin for hook #{hook.id} ended: #{e.message}")
      end
    end
  end
end
