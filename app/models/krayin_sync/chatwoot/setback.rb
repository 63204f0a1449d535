# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What becomes of a record whose job an error ended: its link says why, and it comes back later, once a person has
    # mended it, or not at all.
    class Setback
      include Opaque

      # Running it again changes nothing.
      REFUSED = [ValidationError, ConflictError, BlockedError, EventError].freeze
      # Only a person can mend it.
      NOT_ALLOWED = [AuthenticationError, PermissionError, ConfigurationError].freeze
      # Nobody else need ask such a Krayin for a while.
      DOWN = [UnavailableError, TimeoutError].freeze
      # Krayin may be at the end of a create that was given up: nothing was tried before it must have come.
      STILL_RUNNING = "still_running"
      # Seconds that each job which waits adds to those over which jobs come back.
      EACH = 0.1

      # @param entry [RecordRef]
      # @param hook [Integrations::Hook]
      # @param gate [Gate] which it has entered
      # @param began [Time]
      def initialize(entry, hook, gate, jid:, began:, bulk: false)
        @entry = entry
        @hook = hook
        @gate = gate
        @jid = jid
        @began = began
        @bulk = bulk
      end

      # @param error [StandardError]
      # @return [Boolean] whether Sidekiq is to run the job again
      def settle(error)
        # Not of the gem's own: nothing is known of the record.
        return try_again unless error.is_a?(Error)

        breaker.release_probe
        keep(error)
        follow(error)
      ensure
        @gate.release(bring: !others_too?(error))
      end

      private

      attr_reader :entry, :hook

      def breaker = @gate.breaker

      # Whether what ended this job would end that of any other record.
      def others_too?(error)
        [RateLimitError, *NOT_ALLOWED, *DOWN].any? { |failure| error.is_a?(failure) }
      end

      def follow(error)
        return reschedule(error) if error.is_a?(ApiError) && error.detail&.code == STILL_RUNNING

        case error
        when RateLimitError then reschedule(error)
        when *NOT_ALLOWED then pause_until_fixed(error)
        when *REFUSED then send_to_dead_set(error)
        else
          breaker.trip if DOWN.any? { |failure| error.is_a?(failure) }
          try_again
        end
      end

      # By one job: an event meanwhile may succeed, but begins no chain of retries beside it.
      def try_again = JobRegistry.fail(entry.to_s, @jid.to_s)

      # Why the record is not in Krayin as it is now. A minute's budget says nothing of it.
      def keep(error)
        return if error.is_a?(RateLimitError) || Synchronization::EVENTS.key?(entry.kind)

        state = REFUSED.any? { |refusal| error.is_a?(refusal) } ? "refused" : "waiting"
        LinkStore.note(entry, hook, state: state, reason: error.reason)
      end

      # A crowd does not come back at once: those that have time come back over as long as it takes.
      def reschedule(error)
        spread = JobRegistry.waiting(@entry.hook_id) * EACH
        spread = [spread, Breaker::LONGEST].min unless @bulk
        requeue_started((error.retry_after || Breaker::LONGEST) + (rand * [EventJob::SPREAD, spread].max))
      end

      # Says so on the hook, once, and keeps the job. Where the connection was changed meanwhile, nothing is wrong with
      # it by that.
      def pause_until_fixed(error)
        return requeue_started(rand * EventJob::SPREAD) unless HookSettings.failed(hook, error)

        breaker.pause_until_fixed
        requeue_started(Breaker::PARKED + (rand * EventJob::SPREAD), parked: true)
      end

      # It had begun: an event since then has a job already.
      def requeue_started(wait, parked: false)
        entry.enqueue(delay: wait, bulk: @bulk, urgent: true, parked: parked)
        JobRegistry.finish(entry.to_s, jid: @jid)
        false
      end

      # Into the dead set, with the reason.
      def send_to_dead_set(error)
        job = dead(error)
        fresh = JobRegistry.refuse(entry.to_s, @began)
        ::Sidekiq::DeadSet.new.kill(::Sidekiq.dump_json(job), notify_failure: false) if fresh
        KrayinSync.logger&.error("krayin_sync: #{job["error_message"]}")
        false
      end

      def dead(error)
        now = Time.now.to_f
        asked = { "job_id" => entry.to_s, "hook_id" => entry.hook_id, "kind" => entry.kind, "id" => entry.id,
                  "bulk" => @bulk }
        { "class" => EventJob.name, "wrapped" => EventJob.name, "args" => [asked], "jid" => @jid,
          "queue" => Chatwoot.configuration.queue, "retry" => 25, "created_at" => now, "failed_at" => now,
          "error_class" => error.class.name,
          "error_message" => "#{entry.kind.capitalize} #{entry.id}: #{error.message}" }
      end
    end
  end
end
