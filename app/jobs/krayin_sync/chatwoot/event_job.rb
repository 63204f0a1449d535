# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Brings one record's state to Krayin. It reads the record when it runs, and whatever keeps it from running now
    # brings it back later: it never waits in a worker, and it is never dropped.
    class EventJob
      include ::Sidekiq::Worker
      include Opaque

      # Passing failures: Sidekiq's own delays, three weeks of them. Chatwoot's middleware, as others', reads a job's
      # name and its first argument as those of an ActiveJob.
      sidekiq_options "queue" => "krayin_sync", "retry" => 25, "wrapped" => "KrayinSync::Chatwoot::EventJob"

      # Seconds after which to look again for a contact that another job works on.
      BUSY = (1.0..3.0)
      # Seconds after which to look again for a hook whose set-up has not ended.
      UNREADY = 10
      # Seconds over which jobs that come back at the same time are spread.
      SPREAD = 3.0
      # Seconds that each job which waits adds to those, where as many as may work on a Krayin: a crowd that is sent
      # away must not be back at once.
      EACH = 0.02

      # What passes mostly passes soon; then Sidekiq's own delays, of which the first is half a minute.
      sidekiq_retry_in { |count| [2, 2, 5, 10, 20][count] }

      sidekiq_retries_exhausted do |job, _error|
        JobRegistry.refuse(RecordRef.of(job["args"].first).to_s, Time.now)
      end

      # @param asked [Hash{String => Object}] hook_id, kind, id, bulk, due, brought; job_id for those who log
      def perform(asked)
        # What it reads a second time may have changed since: Rails would give a job again what it has read.
        ::ActiveRecord::Base.uncached { bring(asked) }
      end

      private

      def bring(asked)
        read(asked)
        work
      rescue KnownHook::Changed
        @known = nil
        @hook = KnownHook.wanted(entry.hook_id)
        work
      end

      attr_reader :entry, :hook

      def read(asked)
        @entry = RecordRef.of(asked)
        @bulk, @due, @brought = asked.values_at("bulk", "due", "brought")
        @known = KnownHook.remembered(entry.hook_id) if looks_first?
        @known = nil unless @known && Gate.asked_first?(@known.hook.settings)
        @hook = @known ? @known.hook : KnownHook.wanted(entry.hook_id)
      end

      def work
        return without_hook unless hook

        contact_id = entry.contact_id
        return drop unless contact_id
        return requeue_unstarted(unready + (rand * SPREAD)) unless hook.settings["traits"]

        @gate = gate(contact_id)
        return if looks_first? && Gate.asked_first?(hook.settings) && look

        @gate.enter
        run
      rescue Gate::Closed => e
        put_off(e)
      end

      def gate(contact_id)
        Gate.new(entry, contact_id, hook.settings, jid: jid, due: @due, bulk: @bulk, brought: @brought)
      end

      # It is gone, or not to be brought to now.
      def without_hook
        return drop unless SwitchedOff.off?(entry.hook_id)
        return requeue_unstarted(Breaker::PARKED + (rand * SPREAD), parked: true) if SwitchedOff.waits?(entry)

        SwitchedOff.note(entry)
        drop
      end

      # There is nothing to do for it any more, unless it went after Krayin had heard of it.
      def drop
        JobRegistry.drop(entry.to_s)
        Aftermath.there?(entry, hook) if hook
        gate(nil).give_up_place(contact: false) if hook
      end

      def unready = hook.settings["setup_error"] ? Breaker::LONGEST : UNREADY

      # Most of what happens to a contact Krayin need not hear of. Of what is brought over in bulk it must.
      def looks_first? = entry.kind == "contact" && !@bulk && KrayinSync.limiter_store.is_a?(LimiterStore::Redis)

      # @return [Boolean] whether the job has ended with it
      def look
        @gate.look
        run
      rescue Gate::Overtaken
        false
      end

      # @return [Boolean] whether the job has ended; otherwise an event has come while the record was looked at
      def run
        began = Time.now
        outcome = synchronize(began)
        return unchanged? unless @gate.passed?

        @gate.leave(worked: asked?(outcome), unpaced: @gate.began_pace? && !wrote_activity?(outcome))
        true
      rescue Gate::Closed, Gate::Overtaken, KnownHook::Changed
        raise
      rescue StandardError => e
        raise if setback(began).settle(e)

        true
      end

      # Without having been asked, Krayin has it as it is.
      def unchanged?
        return false unless JobRegistry.unchanged?(entry.to_s, due: @due)

        @gate.give_up_place
        true
      end

      # Of a job that has not passed the registry need know that it has run.
      def setback(began)
        JobRegistry.start(entry.to_s, jid: jid) unless @gate.passed?
        Setback.new(entry, hook, @gate, jid: jid, bulk: @bulk, began: began)
      end

      def synchronize(began)
        Instrumentation.tagged(account_id: hook.account_id, hook_id: hook.id) do
          Synchronization.new(entry, hook, @gate, began: began, bulk: @bulk, known: @known).perform
        end
      end

      def put_off(closed)
        case closed.verdict
        when Gate::AWAY then stay_away(closed.seconds)
        when Gate::BUSY
          requeue_unstarted(rand(BUSY))
          # Whoever works on the contact brings its next one.
          @gate.give_up_place(contact: false)
        when Gate::FULL then requeue_unstarted(rand(BUSY) + (rand * crowd))
        when Gate::LATER then @gate.give_up_place
        end
      end

      # Seconds over which those that wait for this Krayin come back.
      def crowd = [JobRegistry.waiting(hook.id) * EACH, Breaker::LONGEST].min

      # So long only where a person must mend it.
      def stay_away(seconds) = requeue_unstarted(seconds + (rand * SPREAD), parked: seconds > Breaker::LONGEST)

      def asked?(outcome) = outcome.is_a?(Hash) && outcome[:requests].to_i.positive?

      def wrote_activity?(outcome)
        outcome.is_a?(Hash) && outcome.values_at(:created, :updated).flatten.include?("activity")
      end

      # It has not begun: the record is marked as waiting all the time.
      def requeue_unstarted(wait, parked: false) = entry.requeue(wait, jid: jid, bulk: @bulk, parked: parked)
    end
  end
end
