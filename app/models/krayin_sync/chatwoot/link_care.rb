# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What an administrator does about records that are not in Krayin as they are.
    class LinkCare
      include Opaque

      # States of what may be tried again all at once. Who is doubtful is decided one by one.
      RETRIED = %w[waiting skipped refused].freeze
      # As if it had failed a moment ago: what was left out is due again, and what changed nothing ends it. A writer who
      # works on it meanwhile meets another revision.
      AGAIN = <<~SQL.squish
        state = CASE WHEN state = 'doubtful' THEN state ELSE 'waiting' END,
        attempts = CASE WHEN state = 'doubtful' THEN attempts ELSE GREATEST(attempts, 1) END,
        rest = rest - 'left_out', kept_out = false, revision = revision + 1
      SQL
      private_constant :AGAIN

      # @param hook [Integrations::Hook]
      def initialize(hook)
        @hook = hook
      end

      # Has it brought to Krayin now.
      # @raise [ActiveRecord::RecordNotFound] where the account has no such record
      # @raise [ArgumentError]
      # @return [void]
      def retry(kind, id)
        there(kind, id)
        ready
        again(kind, [id], urgent: true)
      end

      # Likewise all of a state, or of those that have one reason, by a job.
      # @return [void]
      def retry_all(kind:, state:, reason: nil)
        table(kind)
        raise ArgumentError, "state must be one of #{RETRIED.join(", ")}." unless RETRIED.include?(state)

        ready
        RetryJob.enqueue(@hook.id, kind, state, reason)
      end

      # @param ids [Array<Integer>] of records of the account's
      # @return [void]
      def again(kind, ids, **how)
        LinkStore.of(@hook, kind: kind, record_id: ids).update_all(AGAIN)
        ids.each { |id| RecordRef.new(@hook.id, kind, id).enqueue(**how) }
      end

      # It is not brought to Krayin until somebody has it tried again; what is there stays as it is.
      # @return [void]
      def keep_out(kind, id)
        there(kind, id)
        ready
        LinkStore.note(RecordRef.new(@hook.id, kind, id), @hook, state: "skipped", reason: Reason.new("kept_out"))
        LinkStore.of(@hook, kind: kind, record_id: id).update_all("kept_out = true, revision = revision + 1")
      end

      # Says who a doubtful contact is.
      # @param verdict [String] same, another or later
      # @param person [#to_s, nil] which of several
      # @return [void]
      # @raise [DecisionError]
      def decide(id, verdict, person: nil)
        there("contact", id)
        link = LinkStore.of(@hook, kind: "contact", record_id: id).order(:id).first
        raise ::ActiveRecord::RecordNotFound unless link

        KrayinSync.decide(link, verdict, person: person && Integer(person.to_s, 10))
      end

      private

      def ready
        raise ArgumentError, StandingWords.of(@hook) if @hook.disabled? || HookSettings.instance(@hook).nil?
      end

      def table(kind)
        LinkList::TABLES.fetch(kind) { raise ArgumentError, "kind must be one of #{LinkList::TABLES.keys.join(", ")}." }
      end

      def there(kind, id)
        table(kind)
        return if kind.classify.constantize.unscoped.where(account_id: @hook.account_id).exists?(id: id)

        raise ::ActiveRecord::RecordNotFound
      end
    end
  end
end
