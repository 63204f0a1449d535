# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Brings one record to Krayin for who works through many: as an event's job does, but what keeps it from being done
    # is told to the caller, who has it in hand, and becomes no job of its own.
    class RecordWork
      include Opaque

      # What came of a record.
      #
      # - name: one of {Backfill::OUTCOMES}; :busy, :away or :failed where it is to be tried again, :unread where it is
      #   to be once what is wanted of Krayin was read
      # - seconds: to wait first, where it is to be tried again
      Outcome = Struct.new(:name, :id, :requests, :code, :seconds, keyword_init: true) do
        def initialize(requests: 0, seconds: 0, **) = super

        def later? = name.is_a?(Symbol)

        # Whether Krayin, or the core, had to say something of it.
        def asked? = requests.positive? || %w[refused later].include?(name)

        # Nothing that hangs on the contact can be brought.
        def ends? = %w[skipped doubtful refused later].include?(name)

        def handed_over = self.class.new(name: "later", id: id, code: code, requests: 0)
      end

      # What passes: the same call may succeed a moment later.
      FAILED = 1

      # @param hook [Integrations::Hook]
      # @param jid [String]
      # @param contact_id [Integer] whom it is about
      # @param glance [BackfillGlance::Of, nil] who knows what Krayin has shown of others and of it
      # @param pace [BackfillPace, nil] who is told how long answers take
      # @param since [Time, nil] when the work began: whom Krayin was found to have since then is linked, though what
      #   was to be written had to wait
      def initialize(hook, jid, contact_id, glance: nil, pace: nil, since: nil)
        @hook = hook
        @glance = glance
        @pace = pace
        @since = since
        @jid = jid
        @contact_id = contact_id
        @requests = 0
      end

      # @param kind [String] contact, conversation or message
      # @return [Outcome]
      def perform(kind, id)
        @entry = RecordRef.new(hook.id, kind, id)
        @gate = Gate.new(entry, @contact_id, hook.settings, jid: @jid, bulk: true, line: false,
                                                            apart: true)
        outcome = synchronize
        # What changed nothing has left no trace, and has nothing to take back.
        leave(outcome) if @gate.passed?
        name_of(outcome)
      rescue Gate::Closed => e
        closed(e)
      rescue BackfillGlance::Unread
        unread
      rescue StandardError => e
        failed(e)
      rescue Interrupt
        # The process ends: whoever goes on need not wait until the lock is over.
        let_go(bring: false)
        raise
      end

      private

      attr_reader :entry, :hook

      # Most of what is gone through Krayin has as it is: so it is looked at first.
      def synchronize
        looks = KrayinSync.limiter_store.is_a?(LimiterStore::Redis) && Gate.asked_first?(hook.settings)
        looks ? @gate.look : @gate.enter
        run
      rescue Gate::Overtaken
        @gate.enter
        run
      end

      def run
        @began = Time.now
        work = Synchronization.new(entry, hook, @gate, began: @began, bulk: true, glance: @glance, pace: @pace)
        outcome = Instrumentation.tagged(account_id: hook.account_id, hook_id: hook.id) { work.perform }
        @known = work.known
        @requests += outcome.to_h[:requests].to_i
        outcome
      end

      def leave(outcome)
        wrote = outcome.to_h.values_at(:created, :updated).flatten.include?("activity")
        @gate.leave(worked: @requests.positive?, unpaced: @gate.began_pace? && !wrote)
      end

      def name_of(outcome)
        return told("skipped", there? ? "not_routed" : "gone") unless outcome

        code = outcome[:codes].to_a.first.to_h[:code]
        return told("doubtful", code) if outcome[:doubtful].to_a.any?
        return told("skipped", code) if outcome[:status] == "skipped" && code != "unchanged"

        told(done(outcome))
      end

      # It may have been deleted meanwhile.
      def there? = entry.kind.classify.constantize.unscoped.exists?(id: entry.id)

      def done(outcome)
        return "created" if outcome[:created].include?("person")
        return "linked" if entry.kind == "contact" && (!@known || linked_since?)

        outcome[:updated].any? || outcome[:created].any? ? "updated" : "unchanged"
      end

      def linked_since?
        @since && @requests.positive? &&
          LinkStore.of(hook, kind: "contact", record_id: entry.id).where("created_at >= ?", @since).exists?
      end

      def told(name, code = nil, seconds: 0)
        Outcome.new(name: name, id: entry.id, requests: @requests, code: code, seconds: seconds)
      end

      def closed(closed)
        case closed.verdict
        when Gate::AWAY then told(:away, seconds: closed.seconds + rand)
        when Gate::FULL then told(:away, seconds: rand(BackfillWork::SOON))
        else told(:busy)
        end
      end

      def failed(error)
        @gate&.breaker&.release_probe if @gate&.passed?
        return not_done(error) unless error.is_a?(Error)
        return told(:away, seconds: error.retry_after || Breaker::LONGEST) if waits?(error)

        case error
        when *Setback::NOT_ALLOWED then not_allowed(error)
        when *Setback::REFUSED then refused(error)
        else not_done(error)
        end
      ensure
        let_go(bring: Setback::REFUSED.any? { |refusal| error.is_a?(refusal) })
      end

      def unread
        let_go(bring: true)
        told(:unread)
      end

      def waits?(error)
        error.is_a?(RateLimitError) || (error.is_a?(ApiError) && error.detail&.code == Setback::STILL_RUNNING)
      end

      # @param bring [Boolean] whether others could go on
      def let_go(bring:)
        return unless @gate&.passed?

        @gate.release(bring: bring)
        JobRegistry.finish(entry.to_s, jid: @jid)
      end

      # Only a person can mend it; it is said on the hook, once.
      def not_allowed(error)
        return told(:away, seconds: rand(BackfillWork::SOON)) unless HookSettings.failed(hook, error)

        @gate.breaker.pause_until_fixed
        told(:away, seconds: BackfillWork::LONGEST)
      end

      # Running it again changes nothing. It is told in the report, and not one by one among dead jobs.
      def refused(error)
        LinkStore.note(entry, hook, state: "refused", reason: error.reason)
        JobRegistry.refuse(entry.to_s, @began)
        told("refused", error.reason.code)
      end

      def not_done(error)
        KrayinSync.logger&.error("krayin_sync: #{entry.kind} #{entry.id} of a backfill: #{error.class}")
        @gate&.breaker&.trip if Setback::DOWN.any? { |failure| error.is_a?(failure) }
        told(:failed, error.is_a?(Error) ? error.reason.code : "internal_error", seconds: FAILED)
      end
    end
  end
end
