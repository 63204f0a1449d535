# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What one of a {Backfill}'s jobs has in hand: some contacts, and how far it is within the first of them. It is kept
    # before any of them is worked, so whoever comes after a killed process goes on there.
    class BackfillLane < ::ActiveRecord::Base
      include Leased

      self.table_name = "krayin_sync_backfill_lanes"

      belongs_to :backfill, class_name: "KrayinSync::Chatwoot::Backfill"

      def self.underway = where(backfill_id: Backfill.where(state: "running").select(:id))
      private_class_method :underway

      def ours? = mine.exists?

      # @param ids [Array<Integer>]
      # @return [true]
      def take_in_hand(ids)
        assign_attributes(contact_ids: ids, position: {}, tries: {})
        mine.update_all(hand.merge(leased_until: lease))
        true
      end

      # Notes how far it is, with what came of it: both or neither.
      # @param told [Hash{String => Integer}] to be added to the run's counts
      # @param examples [Array<Array(String, Integer, String)>] outcome, contact and the reason's code
      # @return [Backfill, nil] the run as it is now; nothing where the lane is another job's by now
      def note(told, examples)
        self.class.transaction do
          # The run first, as whoever hands out does.
          run = add(told, examples)
          next run if mine.update_all(hand.merge(leased_until: lease)).positive?

          raise ::ActiveRecord::Rollback
        end
      end

      private

      def pushed = [BackfillJob, { "job_id" => "backfill:#{backfill_id}:#{number}", "lane" => id }]

      def hand = { contact_ids: contact_ids, position: position, tries: tries }

      def add(told, examples)
        run = Backfill.lock.find_by(id: backfill_id)
        return unless run

        named = examples.group_by(&:first).transform_values { |all| all.map { |_, *example| example } }
        run.update_columns(told.to_h { |name, count| [name, run[name] + count] }
                               .merge(updated_at: Time.now.utc, examples: run.examples_and(named)))
        run
      end
    end
  end
end
