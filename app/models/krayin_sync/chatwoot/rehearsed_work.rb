# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # {RecordWork} of a dry run: tells what would come of a contact, and leaves everything as it is.
    class RehearsedWork < RecordWork
      # @return [Outcome]
      def perform(_kind, id)
        @entry = RecordRef.new(hook.id, "contact", id)
        @known = in_krayin?
        outcome = Rehearsal.new(entry, hook, glance: @glance).perform
        @requests += outcome.to_h[:requests].to_i
        name_of(outcome)
      rescue BackfillGlance::Unread
        told(:unread)
      rescue StandardError => e
        failed(e)
      end

      private

      def in_krayin?
        KrayinSync::Records::Link.where(kind: "contact", record_id: entry.id).where.not(person_id: nil)
                                 .where(instance: HookSettings.instance(hook)).exists?
      end

      # Whom else to wait for is for those to find out who write.
      def not_done(error)
        return told(:away, seconds: Breaker::LONGEST) if Setback::DOWN.any? { |failure| error.is_a?(failure) }

        super
      end

      def not_allowed(_error) = told(:away, seconds: BackfillWork::LONGEST)

      def refused(error) = told("refused", error.reason.code)
    end
  end
end
