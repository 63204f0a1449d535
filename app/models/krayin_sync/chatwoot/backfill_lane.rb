# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What one of a {Backfill}'s jobs has in hand: some contacts, and how far it is within the first of them. It is kept
    # before any of them is worked, so whoever comes after a killed process goes on there.
    class BackfillLane < ::ActiveRecord::Base
      self.table_name = "krayin_sync_backfill_lanes"

      # Seconds after which a lane that nobody has told of counts as lost.
      LEASE = 120

      belongs_to :backfill, class_name: "KrayinSync::Chatwoot::Backfill"

      # @param id [Integer]
      # @param ticket [Integer] of the job; one whose lane was given to another has another one
      # @return [BackfillLane, nil]
      def self.take(id, ticket)
        lane = find_by(id: id, ticket: ticket)
        lane if lane&.keep_lease
      end

      # Gives the lane to a job of its own; any before it has lost it.
      # @return [void]
      def push(delay: 0)
        given = ticket + 1
        kept = self.class.where(id: id, ticket: ticket).update_all(ticket: given, leased_until: lease(delay))
        return if kept.zero?

        self.ticket = given
        asked = { "job_id" => "backfill:#{backfill_id}:#{number}", "lane" => id, "ticket" => given }
        job = BackfillJob.set(queue: Chatwoot.configuration.queue)
        delay.positive? ? job.perform_in(delay, asked) : job.perform_async(asked)
      end

      # @return [Boolean] whether it is still this job's
      def keep_lease = mine.update_all(leased_until: lease).positive?

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

      def mine = self.class.where(id: id, ticket: ticket)

      def hand = { contact_ids: contact_ids, position: position, tries: tries }

      def lease(delay = 0) = Time.now.utc + delay + LEASE

      def add(told, examples)
        run = Backfill.lock.find_by(id: backfill_id)
        return unless run

        run.update_columns(told.to_h { |name, count| [name, run[name] + count] }
                               .merge(updated_at: Time.now.utc, **named(run.examples, examples)))
        run
      end

      def named(known, examples)
        return {} if examples.empty?

        examples.each do |outcome, contact, code|
          list = (known[outcome] ||= [])
          list << [contact, code] if list.size < Backfill::NAMED
        end
        { examples: known }
      end
    end
  end
end
