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
      # Seconds that each job which waits adds to it.
      EACH = 0.1

      # What is gone, by the kind of its job.
      EVENTS = { "merge" => "contact.merged", "contact_deletion" => "contact.deleted", "erasure" => "contact.erased",
                 "conversation_deletion" => "conversation.deleted", "message_deletion" => "message.deleted" }.freeze

      # Running it again changes nothing.
      REFUSED = [ValidationError, ConflictError, BlockedError, EventError].freeze

      # What passes mostly passes soon; then Sidekiq's own delays, of which the first is half a minute.
      sidekiq_retry_in { |count| [2, 2, 5, 10, 20][count] }

      sidekiq_retries_exhausted do |job, _error|
        JobRegistry.refuse(RecordRef.of(job["args"].first).to_s, Time.now)
      end

      # @param asked [Hash{String => Object}] hook_id, kind, id, bulk, due; job_id for those who log
      def perform(asked)
        @entry = RecordRef.of(asked)
        @bulk = asked["bulk"]
        @due = asked["due"]
        @hook = ::Integrations::Hook.eager_load(:account).find_by(id: @entry.hook_id)
        contact_id = @entry.contact_id if wanted?
        return JobRegistry.drop(@entry.to_s) unless contact_id

        return requeue_unstarted(unready + (rand * SPREAD)) unless @hook.settings["traits"]

        @gate = Gate.new(@entry, contact_id, @hook.settings)
        enter
      end

      private

      attr_reader :entry, :hook

      def wanted? = hook && !hook.disabled? && HookSettings.feature?(hook)

      def unready = hook.settings["setup_error"] ? Breaker::LONGEST : UNREADY

      def enter
        verdict, number = @gate.enter(jid: jid, due: @due)
        case verdict
        when Gate::RUN then run(number == PACE_BEGAN)
        when Gate::AWAY then requeue_unstarted(number + (rand * SPREAD))
        when Gate::BUSY, Gate::FULL then requeue_unstarted(rand(BUSY))
        end
      end

      def run(began_pace)
        outcome = Instrumentation.tagged(account_id: hook.account_id, hook_id: hook.id) { sync }
        mark_recovered
        @gate.leave(unpaced: began_pace && !wrote_activity?(outcome))
      rescue Error => e
        failed { fail_with(e) }
      rescue StandardError => e
        failed { try_again(e) }
      end

      def failed
        yield
      ensure
        @gate.release
      end

      def wrote_activity?(outcome)
        outcome.is_a?(Hash) && outcome.values_at(:created, :updated).flatten.include?("activity")
      end

      def mark_recovered
        return unless hook.settings["setup_error"]

        HookSettings.merge(hook, {}, without: %w[setup_error setup_error_at])
        hook.reauthorized!
      end

      def sync
        @began = Time.now
        records = LinkStore.new(began: @began)
        data = EventData.read(entry.kind, entry.id, records, labels: labels?)
        return unless data

        outcome = processor(data, records).perform
        Aftermath.of(entry, hook)
        learn
        keep_skipped(outcome, records)
        records.seen(entry.kind, entry.id) if @bulk || records.tried?(entry.kind, entry.id)
        outcome
      end

      def labels? = settings.settings["lead_policy"] == "on_label"

      def processor(data, records)
        ProcessorService.new(
          inbox: nil, hook: settings, records: records, event_name: event_name(data, records), event_data: data,
          bulk: @bulk, on_attempt: -> { alive }
        )
      end

      # What a thread does not use meanwhile, others may have: the pool is made for Chatwoot's threads alone.
      def alive
        ::ActiveRecord::Base.connection_pool.release_connection
        @gate.extend_life
      end

      # The processor notes in it what an answer tells of the server's clock.
      def settings
        limits = { "deadline" => Chatwoot.configuration.deadline,
                   "attempt_timeout" => Chatwoot.configuration.attempt_timeout }
        @settings ||= HookSettings.new(ProcessorService::APP_ID, limits.merge(hook.settings.deep_dup))
      end

      def learn
        %w[utc_offset_minutes pipelines stages_at].each do |name|
          learned = settings.settings.dig("traits", name)
          next if learned.nil? || hook.settings.dig("traits", name) == learned

          HookSettings.put(hook, ["traits", name], learned)
        end
      end

      def event_name(data, records)
        case entry.kind
        when "contact" then "contact.updated"
        when "message" then "message.created"
        when "conversation" then event_of_conversation(data, records)
        else EVENTS.fetch(entry.kind)
        end
      end

      # A conversation of which Krayin knows nothing and which began after the connection is new, whichever of its
      # events was the first to arrive.
      def event_of_conversation(data, records)
        known = records.known?("conversation", entry.id) || data[:conversation][:created_at] < hook.created_at.floor
        known ? "conversation.updated" : "conversation.created"
      end

      def fail_with(error)
        @gate.breaker.release_probe
        keep(error)
        case error
        when RateLimitError then reschedule(error)
        when AuthenticationError, PermissionError, ConfigurationError then pause_until_fixed(error)
        when *REFUSED then send_to_dead_set(error)
        else
          @gate.breaker.trip if error.is_a?(UnavailableError) || error.is_a?(TimeoutError)
          try_again(error)
        end
      end

      # By Sidekiq, and by one job: an event meanwhile may succeed, but begins no chain of retries beside it.
      def try_again(error)
        raise error if JobRegistry.fail(entry.to_s, jid.to_s)
      end

      # Why a contact is not in Krayin. What hangs on it is looked at again by the sweep.
      def keep_skipped(outcome, records)
        reason = outcome[:codes].to_a.first
        return unless entry.kind == "contact" && outcome[:status] == "skipped" && reason
        return if reason[:code] == "unchanged" || records.stored?(entry.kind, entry.id)

        note("skipped", Reason.of(reason))
      end

      # Why the record is not in Krayin as it is now. A minute's budget says nothing of it.
      def keep(error)
        return if error.is_a?(RateLimitError) || EVENTS.key?(entry.kind)

        state = REFUSED.any? { |refusal| error.is_a?(refusal) } ? "refused" : "waiting"
        note(state, error.reason)
      end

      def note(state, reason)
        LinkStore.note(entry.kind, entry.id, instance: hook.settings.dig("traits", "instance"), state: state,
                                             reason: reason)
      end

      # A crowd does not come back at once: those that have time come back over as long as it takes.
      def reschedule(error)
        spread = JobRegistry.waiting * EACH
        spread = [spread, Breaker::LONGEST].min unless @bulk
        requeue_started((error.retry_after || Breaker::LONGEST) + (rand * [SPREAD, spread].max))
      end

      # Only a person can mend it: says so on the hook, once, and keeps the job.
      def pause_until_fixed(error)
        HookSettings.failed(hook, error)
        @gate.breaker.pause_until_fixed
        requeue_started(Breaker::PARKED + (rand * SPREAD))
      end

      # Running it again would change nothing: into the dead set, with the reason.
      def send_to_dead_set(error)
        job = dead(error)
        fresh = JobRegistry.refuse(entry.to_s, @began || Time.now)
        ::Sidekiq::DeadSet.new.kill(::Sidekiq.dump_json(job), notify_failure: false) if fresh
        KrayinSync.logger&.error("krayin_sync: #{job["error_message"]}")
      end

      def dead(error)
        now = Time.now.to_f
        asked = { "job_id" => entry.to_s, "hook_id" => entry.hook_id, "kind" => entry.kind, "id" => entry.id,
                  "bulk" => @bulk }
        { "class" => self.class.name, "wrapped" => self.class.name, "args" => [asked], "jid" => jid,
          "queue" => Chatwoot.configuration.queue, "retry" => 25, "created_at" => now, "failed_at" => now,
          "error_class" => error.class.name,
          "error_message" => "#{entry.kind.capitalize} #{entry.id}: #{error.message}" }
      end

      # It has not begun: the record is marked as waiting all the time.
      def requeue_unstarted(wait) = entry.requeue(wait, jid: jid, bulk: @bulk)

      # It had begun: an event since then has a job already.
      def requeue_started(wait)
        entry.enqueue(delay: wait, bulk: @bulk, urgent: true)
        JobRegistry.finish(entry.to_s, jid: jid)
      end
    end
  end
end
