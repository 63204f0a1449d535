# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # One event as it ended: of which record, what became of it, what it took. No value of any field is in it.
    class LogLine < ::ActiveRecord::Base
      self.table_name = "krayin_sync_log_lines"

      # Seconds for which lines are kept.
      KEPT = 30 * 86_400
      # Lines that one statement deletes.
      BATCH = 10_000
      # Reasons of an event that are kept.
      CODES = 5

      class << self
        # @param happened [Happening]
        # @return [Hash{Symbol => Object}] a row; its JSON is made here, so that what was told later changes nothing
        def row(happened)
          { hook_id: happened.hook_id, at: happened.at, kind: happened.kind, record_id: happened.record_id,
            contact_id: happened.contact_id, conversation_id: happened.conversation_id, event: happened.event,
            status: happened.status, codes: happened.reasons.first(CODES).map(&:to_h), wrote: happened.wrote,
            person_id: column(happened.ids[:person]), lead_id: column(happened.ids[:lead]),
            requests: happened.requests, duration_ms: happened.duration_ms }
        end

        # Deletes what is older than {KEPT}, the oldest first.
        # @return [Integer] how many
        def prune
          return 0 unless table_exists?

          deleted = 0
          loop do
            # Mostly in the order of their ids: what a batch leaves is younger, and so is what comes after it.
            oldest = unscoped.order(:id).limit(BATCH).select(:id)
            gone = where(id: oldest).where("at < ?", Time.now.utc - KEPT).delete_all
            deleted += gone
            break deleted if gone < BATCH
          end
        end

        private

        def column(id) = id.is_a?(Integer) && id <= Arguments::LARGEST_ID ? id : nil
      end
    end
  end
end
