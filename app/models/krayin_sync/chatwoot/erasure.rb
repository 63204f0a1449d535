# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Takes a contact's data out of Krayin on request, here and now: what was said, and what of person and lead no
    # colleague has changed. A record that a colleague made stays.
    class Erasure
      include Opaque

      # The longest wait for a server that takes no more for now, in seconds.
      PATIENCE = 90
      # Seconds between looks whether a job lets go of the contact, and after which it is held on to.
      LOOK = 0.5

      # @param hook [Integrations::Hook]
      # @param contact_id [Integer] whether it is still in Chatwoot or not
      def initialize(hook, contact_id)
        @hook = hook
        @contact_id = contact_id
        @report = { "erased" => Hash.new(0), "left" => [] }
      end

      # @return [Hash] erased: how many of each kind; left: why something stays, in sentences
      # @raise [ApiError]
      def run
        give_up = now + Lock::LIFETIME
        until Gate.aside(@hook, @contact_id) { |lock| erase(lock) }
          raise ResourceError, "A job holds the contact." if now > give_up

          sleep LOOK
        end
        @report
      end

      private

      def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

      # @return [true]
      def erase(lock)
        talks.each do |talk|
          said = Aftermath.children("message", talk, @hook).distinct.pluck(:record_id)
          said.each { |id| one("message_deletion", id, lock) }
          one("conversation_deletion", talk, lock)
        end
        one("erasure", @contact_id, lock)
        true
      end

      # Where messages alone were brought, their links alone say whose they are: no index has that.
      def talks
        said = LinkStore.of(@hook, kind: "message").where("rest ->> 'contact' = ?", @contact_id.to_s)
        Aftermath.children("conversation", @contact_id, @hook).distinct.pluck(:record_id) |
          said.distinct.pluck(:parent_id).compact
      end

      def one(kind, id, lock)
        outcome = run_event(kind, id, lock)
        there = outcome[:codes].to_a.none? { |reason| reason[:code] == "not_in_krayin" }
        @report["left"].concat(outcome[:reasons]) if there
        outcome[:updated].each { |what| @report["erased"][what] += 1 }
      rescue RateLimitError => e
        wait((e.retry_after || PATIENCE).clamp(1, PATIENCE), lock)
        retry
      end

      # That may be longer than the lock would last.
      def wait(seconds, lock)
        till = now + seconds
        while (left = till - now).positive?
          lock.extend_life
          sleep([LOOK, left].min)
        end
      end

      def run_event(kind, id, lock)
        records = LinkStore.new(instance: HookSettings.instance(@hook))
        ProcessorService.new(
          hook: HookSettings.new(ProcessorService::APP_ID, @hook.settings.deep_dup), records: records,
          event_name: Synchronization::EVENTS.fetch(kind), event_data: EventData.read(kind, id, records),
          on_attempt: -> { lock.extend_life }
        ).perform
      end
    end
  end
end
