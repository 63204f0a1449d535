# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Tells what was deleted in Chatwoot where nobody has told: a phase of a {Reconcile}, which asks Krayin nothing.
    # What Chatwoot's own job had in hand when its Sidekiq died has left no trace but the link of what is no more.
    #
    # Of which account that was nobody can tell by then: so all links of the Krayin are gone through.
    class UntoldDeletions
      # Each kind is gone through to count, and where anything of it is gone once more to tell: of how many it is, must
      # be known before the first.
      PASSES = DeletedRecords::KINDS.product(%i[count tell]).freeze

      # @param run [Reconcile] its page is the pass, its cursor the link
      # @param hook [Integrations::Hook]
      # @param ticket [Integer]
      def initialize(run, hook, ticket)
        @run = run
        @hook = hook
        @ticket = ticket
        @kind, @pass = PASSES[run.page]
      end

      # Goes on by a batch.
      # @return [void]
      def step
        return run.done unless @kind

        found = DeletedRecords.new(run.instance, @kind).after(run.cursor)
        return next_pass unless found.last

        @pass == :count ? count(found) : tell(found)
      end

      private

      attr_reader :run, :hook

      def count(found)
        gone = stays? ? keep(found.ids) : found.ids.size
        note({ counted("held") => found.held, counted("gone") => gone }, cursor: found.last)
      end

      # What is to stay is not asked for again.
      # @return [Integer] how many are to be told
      def keep(ids)
        LinkStore.keep_contacts(hook, ids)
        0
      end

      def stays? = @kind == "contact" && Aftermath.decided?("keep")

      def tell(found)
        found.ids.each { |id| enqueue("#{@kind}_deletion", id) }
        write_notes(found.ids) if @kind == "message"
        named = found.ids.any? ? { "deleted" => found.ids.map { |id| [@kind, id] } } : {}
        note({ "deleted" => found.ids.size }, named, cursor: found.last)
      end

      # A conversation's note has a message's words as well.
      def write_notes(messages)
        return unless Settings.on?(hook.settings.to_h, "sync_conversations")

        talks = ::Message.unscoped.where(id: messages).distinct.pluck(:conversation_id) |
                LinkStore.of(hook, kind: "message", record_id: messages).distinct.pluck(:parent_id)
        there = ::Conversation.unscoped.where(id: talks, account_id: hook.account_id)
        there.ids.each { |id| enqueue("conversation", id) }
      end

      def enqueue(kind, id) = RecordRef.new(hook.id, kind, id).enqueue(bulk: true)

      def next_pass
        return note({}, page: run.page + 1, cursor: 0) if @pass == :tell
        return run.stop(too_many) if too_many?

        note({}, page: run.page + (gone.zero? ? 2 : 1), cursor: 0)
      end

      # These are no deletions: the database was put back, or has lost them.
      def too_many? = gone >= ReconcileWork::MANY && gone * 2 > held

      def too_many
        "Of #{held} #{@kind}s that Krayin has #{gone} are not in Chatwoot, and nobody has told of it: look whether " \
          "Chatwoot's database was put back, or has lost them. Of none of them Krayin was told."
      end

      def held = run.counts[counted("held")].to_i

      def gone = run.counts[counted("gone")].to_i

      # Not for the report.
      def counted(what) = "#{@kind}s_#{what}"

      def note(told, named = {}, **columns) = run.note(@ticket, told, named, **columns)
    end
  end
end
