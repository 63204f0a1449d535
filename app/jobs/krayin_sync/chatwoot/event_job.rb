# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Brings one record's state to Krayin. It reads the record when it runs, and whatever keeps it from running now
    # brings it back later: it never waits in a worker, and it is never dropped.
    class EventJob
      include ::Sidekiq::Worker

      # Passing failures: Sidekiq's own delays, three weeks of them. Chatwoot's middleware, as others', reads a job's
      # name and its first argument as those of an ActiveJob.
      sidekiq_options "queue" => "krayin_sync", "retry" => 25, "wrapped" => "KrayinSync::Chatwoot::EventJob"

      # Seconds after which to look again for a contact that another job works on.
      BUSY = (1.0..3.0)
      # Seconds after which to look again for a hook whose set-up has not ended.
      UNREADY = 10
      # What {JobRegistry.start} tells of a job that begins its record's pace.
      PACE_BEGAN = 2
      # Seconds over which jobs that come back at the same time are spread.
      SPREAD = 3.0

      # What passes mostly passes soon; then Sidekiq's own delays, of which the first is half a minute.
      sidekiq_retry_in { |count| [2, 2, 5, 10, 20][count] }

      sidekiq_retries_exhausted do |job, _error|
        JobRegistry.refuse(RecordRef.of(job["args"].first).to_s, Time.now)
      end

      # @param asked [Hash{String => Object}] hook_id, kind, id, bulk, due; job_id for those who log
      def perform(asked)
        read(asked)
        contact_id = entry.contact_id if wanted?
        return JobRegistry.drop(entry.to_s) unless contact_id
        return requeue_unstarted(unready + (rand * SPREAD)) unless hook.settings["traits"]

        @gate = Gate.new(entry, contact_id, hook.settings)
        enter { |pace_began| run(pace_began) }
      end

      private

      attr_reader :entry, :hook

      def read(asked)
        @entry = RecordRef.of(asked)
        @bulk, @due = asked.values_at("bulk", "due")
        @hook = ::Integrations::Hook.eager_load(:account).find_by(id: entry.hook_id)
      end

      def wanted? = hook && !hook.disabled? && HookSettings.feature?(hook)

      def unready = hook.settings["setup_error"] ? Breaker::LONGEST : UNREADY

      def enter
        verdict, number = @gate.enter(jid: jid, due: @due)
        case verdict
        when Gate::RUN then yield(number == PACE_BEGAN)
        when Gate::AWAY then requeue_unstarted(number + (rand * SPREAD))
        when Gate::BUSY, Gate::FULL then requeue_unstarted(rand(BUSY))
        end
      end

      def run(pace_began)
        began = Time.now
        outcome = synchronize(began)
        @gate.leave(unpaced: pace_began && !wrote_activity?(outcome))
      rescue StandardError => e
        raise if Setback.new(entry, hook, @gate, jid: jid, bulk: @bulk, began: began).settle(e)
      end

      def synchronize(began)
        Instrumentation.tagged(account_id: hook.account_id, hook_id: hook.id) do
          Synchronization.new(entry, hook, began: began, bulk: @bulk).perform { @gate.extend_life }
        end
      end

      def wrote_activity?(outcome)
        outcome.is_a?(Hash) && outcome.values_at(:created, :updated).flatten.include?("activity")
      end

      # It has not begun: the record is marked as waiting all the time.
      def requeue_unstarted(wait) = entry.requeue(wait, jid: jid, bulk: @bulk)
    end
  end
end
