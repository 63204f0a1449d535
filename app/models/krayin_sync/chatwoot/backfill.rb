# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Brings over what was in Chatwoot before Krayin was connected: contacts by their ids, with their conversations and
    # messages where the connection brings these. It goes on where it was after a pause, a deploy, a killed process and
    # an outage, and does nothing twice; what Krayin has already as it is costs no request.
    #
    #   KrayinSync::Chatwoot::Backfill.estimate(hook, since: "2026-01-01")  # => { contacts: 1200, requests: 2400, ... }
    #   run = KrayinSync::Chatwoot::Backfill.start(hook, since: "2026-01-01")
    #   run.progress # => { state: "running", done: 40, total: 1200, per_minute: 22.5, ... }
    #   run.pause
    #
    # A run is a row; what its jobs have in hand are {BackfillLane}s. The first {LOOKED_AT} contacts of whom Krayin is
    # asked are worked by one job alone, unless {UNASKED} others came before them, and the run stops where most of them
    # were refused.
    class Backfill < ::ActiveRecord::Base
      include Run

      self.table_name = "krayin_sync_backfills"

      # It cannot be done as things stand; the message says why and what to do. Not retryable.
      class NotPossible < Error
        CODE = "backfill_not_possible"
        ADVICE = "Do what the message says first."
      end

      # Of a run that could go on.
      OPEN = %w[running paused stopped].freeze
      # Contacts of whom Krayin was asked, before there is more than one job.
      LOOKED_AT = 50
      # Contacts of whom Krayin was not asked, after whom there may be more as well: until those fifty were looked at,
      # each of whom it is asked is told of at once.
      UNASKED = 1000
      # What became of contacts; their sum is `done`.
      OUTCOMES = %w[created linked updated unchanged skipped doubtful refused later].freeze
      UNDERWAY = "A backfill is under way on this Krayin: wait for its end, or cancel it."

      has_many :lanes, class_name: "KrayinSync::Chatwoot::BackfillLane", dependent: :delete_all

      class << self
        # @param hook [Integrations::Hook]
        # @param choice [Hash] see {BackfillChoice.of}
        # @return [Hash{Symbol => Integer, Float, nil}] see {BackfillEstimate.of}; some of Krayin's persons are read
        #   where many contacts were never brought over
        # @raise [ArgumentError, NotPossible]
        def estimate(hook, **choice)
          ready(hook)
          BackfillEstimate.of(hook, BackfillChoice.of(hook, **choice), asks: true)
        end

        # @param dry_run [Boolean] whether Krayin is only asked, and the report tells what would be made, linked and
        #   changed: of contacts alone, which takes a request or two for each
        # @yieldparam estimate [Hash] what was counted, before anything begins; whoever leaves the block begins nothing
        # @return [Backfill]
        # @raise [ArgumentError] where the choice cannot be read
        # @raise [NotPossible] where the connection does not work, or a run is under way on its Krayin
        def start(hook, dry_run: false, **choice)
          ready(hook)
          choice = choice.merge(conversations: false, messages: false) if dry_run
          choice = BackfillChoice.of(hook, **choice)
          estimate = BackfillEstimate.of(hook, choice)
          yield estimate if block_given?
          not_possible("There is no contact to bring to Krayin by that choice.") if estimate[:contacts].zero?

          begin_one(hook, choice, estimate, dry_run).tap(&:push_lanes)
        end

        # What runs ends, and begins no more.
        # @return [void]
        def cancel_all
          where(state: OPEN).find_each(&:cancel) if table_exists?
        end

        private

        def begin_one(hook, choice, estimate, dry_run)
          where(state: OPEN, instance: HookSettings.instance(hook)).select(&:abandoned?).each(&:cancel)
          create_one(hook, choice: choice.to_h, estimate: estimate, total: estimate[:contacts], dry_run: dry_run,
                           index_state: BackfillIndex.first_state(hook, estimate),
                           last_contact_id: choice.contacts(hook).maximum(:id), stretch_began_at: Time.now.utc) do |run|
            # The last one alone is asked for.
            where(hook_id: hook.id, state: "stopped").find_each(&:cancel)
            run.lanes.create!(number: 1, leased_until: Time.now.utc)
          end
        end
      end

      # @return [Hash{Symbol => Object}] id, dry_run, state, reason (a sentence, where it stopped or waits), done and
      #   total (contacts), counts by outcome, conversations, messages, requests, per_minute (contacts), seconds_left
      #   and ends_at (both nil while nobody knows)
      def progress
        reload
        left = seconds_left
        { id: id, dry_run: dry_run, state: state, reason: reason, done: done, total: total, **counts,
          conversations: conversations,
          messages: messages, requests: requests, per_minute: per_minute&.round(1), seconds_left: left,
          ends_at: left && (Time.now.utc + left) }
      end

      # @return [Hash{Symbol => Object}] {#progress} with choice, estimate, worked_seconds, started_at, finished_at, and
      #   examples: by outcome, contacts' ids with the code of the reason, {Run::NAMED} at most; all outcomes in a dry
      #   run
      def report
        progress.merge(choice: choice, estimate: estimate, worked_seconds: worked.round, started_at: created_at,
                       finished_at: finished_at, examples: examples)
      end

      # What is on its way is finished.
      # @return [self]
      # @raise [NotPossible] where it does not run
      def pause
        turn(%w[running], "paused") { end_stretch }
      end

      # @return [self]
      # @raise [NotPossible] where it is neither paused nor stopped, or another runs
      def resume
        turn(%w[paused stopped], "running") do
          # Who goes on after a stop has seen why.
          self.looked = true if state == "stopped"
          assign_attributes(reason: nil, stretch_began_at: Time.now.utc, stretch_done: done)
        end
        push_lanes
        self
      rescue ::ActiveRecord::RecordNotUnique
        raise NotPossible, "Another backfill is under way on this Krayin: wait for its end, or cancel it."
      end

      # @return [self]
      # @raise [NotPossible] where it has ended
      def cancel
        turn(OPEN, "cancelled") do
          end_stretch
          self.finished_at = Time.now.utc
          lanes.delete_all
          BackfillIndex.forget(self)
        end
      end

      # It waits for a person.
      # @param why [String] a sentence
      # @return [void]
      def stop(why)
        turn(%w[running], "stopped") do
          end_stretch
          self.reason = why
        end
      rescue NotPossible
        # Somebody was faster.
        nil
      end

      def running? = state == "running"

      # Whether nobody is left who could end it: its connection is gone, or leads to another Krayin.
      def abandoned?
        hook = ::Integrations::Hook.find_by(id: hook_id)
        hook.nil? || [nil, instance].exclude?(HookSettings.instance(hook))
      end

      def choice_of_contacts = BackfillChoice.new(choice)

      # Each lane gets a job, and so many are opened as may work on it now.
      # @return [void]
      def push_lanes
        open_lanes
        lanes.reload.each(&:push)
      end

      # The next contacts, for one lane; whoever finds none and is the last one ends the run.
      # @param lane [BackfillLane]
      # @return [Boolean] whether there are any
      def hand_out(lane, hook, count)
        with_lock do
          next false unless running? && lane.ours?

          choice = choice_of_contacts
          ids = choice.contacts(hook).where(id: (cursor + 1)..last_contact_id).order(:id).limit(count).ids
          if ids.any?
            update!(cursor: ids.last)
            next lane.take_in_hand(choice.here(hook, ids).order(:id).ids)
          end
          lane.delete
          finish unless lanes.exists?
          false
        end
      end

      # The first were worked: the others follow, unless most of them were refused.
      # @return [void]
      def look_at_first
        return if looked
        return open_beside if asked < LOOKED_AT

        refusals = refused + later
        if refusals * 2 > asked
          return stop("#{refusals} of the first #{asked} contacts were refused or failed (#{most_said}): look at the " \
                      "report, mend that, and resume.")
        end
        update_columns(looked: true)
        open_lanes.each(&:push)
      end

      private

      # @return [Array<BackfillLane>] those that there were not
      def open_lanes
        (lanes.maximum(:number).to_i + 1..lane_count).map do |number|
          lanes.create!(number: number, leased_until: Time.now.utc)
        end
      end

      def counts = OUTCOMES.to_h { |outcome| [outcome.to_sym, self[outcome]] }

      def lane_count
        looked || many_unasked? ? BackfillPace.most : 1
      end

      def many_unasked? = done - asked >= UNASKED

      def open_beside
        open_lanes.each(&:push) if many_unasked? && cursor < last_contact_id
      end

      def most_said
        said = examples.values_at("refused", "later").compact.flatten(1).map(&:last).tally
        said.max_by(&:last)&.first || "no reason is known"
      end

      def turn(from, to)
        with_lock do
          raise NotPossible, "The backfill is #{state}." unless from.include?(state)

          yield
          self.state = to
          save!
        end
        self
      end

      def finish
        end_stretch
        update!(state: "done", reason: nil, finished_at: Time.now.utc)
        BackfillIndex.forget(self)
      end

      def end_stretch
        self.worked_seconds = worked
        self.stretch_began_at = nil
      end

      def worked = worked_seconds + (stretch_began_at ? Time.now.utc - stretch_began_at : 0)

      def per_minute
        return unless running? && stretch_began_at && done > stretch_done

        (done - stretch_done) * 60.0 / [Time.now.utc - stretch_began_at, 1].max
      end

      def seconds_left
        return 0 if state == "done"

        rate = per_minute
        rate && ([total - done, 0].max * 60 / rate).ceil
      end
    end
  end
end
