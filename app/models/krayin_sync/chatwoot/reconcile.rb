# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Holds all that is kept of a Krayin's persons, organizations and leads against what Krayin has, a thousand a
    # request: what is gone, what is somebody else's by now, what is there twice, and contacts that should be there and
    # are not. What the settings let be mended gets its event; the rest is told by its link's state and reason. What was
    # deleted in Chatwoot and nobody has told is told. Where all is well it costs the reading and nothing more.
    #
    #   KrayinSync::Chatwoot::Reconcile.run(hook) # => { state: "done", persons: 1200, gone: 2, missing: 0, ... }
    #
    # A run is a row, with how far it is.
    class Reconcile < ::ActiveRecord::Base
      include Leased
      include Run

      self.table_name = "krayin_sync_reconciles"

      # It cannot be done as things stand; the message says why and what to do. Not retryable.
      class NotPossible < Error
        CODE = "reconcile_not_possible"
        ADVICE = "Do what the message says first."
      end

      # What a run does, one after the other.
      PHASES = %w[persons doubled organizations organizations_doubled leads contacts deleted].freeze
      # The first that reads nothing of Krayin.
      UNREAD = "contacts"
      # What it counts: records that were read or held, what was found of them, and requests.
      COUNTS = %w[persons organizations leads links contacts gone organizations_gone leads_gone own_leads_gone
                  changed_hands organizations_moved leads_moved doubled organizations_doubled missing unfinished
                  deleted requests].freeze
      UNDERWAY = "This Krayin is being reconciled already: wait for the end."
      # Runs of a connection that are kept.
      KEPT = 30

      # A key of a person's, or of an organization's once the persons that are one were told.
      class Key < ::ActiveRecord::Base
        self.table_name = "krayin_sync_reconcile_keys"
      end

      class << self
        # Begins one, by a job.
        # @param hook [Integrations::Hook]
        # @return [Reconcile]
        # @raise [NotPossible] where the connection does not work, or a run is under way on its Krayin
        def start(hook) = begin_one(hook).tap(&:push)

        # Begins one and works it to its end, in this process.
        # @param hook [Integrations::Hook]
        # @return [Hash{Symbol => Object}] see {#report}
        # @raise [NotPossible]
        def run(hook)
          run = begin_one(hook)
          ticket = run.give_ticket
          while (wait = ReconcileWork.new(run, ticket).perform)
            sleep(wait)
          end
          run.report
        end

        # @param hook [Integrations::Hook]
        # @return [Boolean] whether its Krayin is being reconciled for another connection
        def underway_of_another?(hook)
          underway.where(instance: HookSettings.instance(hook)).where.not(hook_id: hook.id).exists?
        end

        # What runs ends, and begins no more.
        # @return [void]
        def cancel_all
          underway.find_each { |run| run.stop("It was cancelled.") } if table_exists?
        end

        private

        def underway = where(state: "running")

        def begin_one(hook)
          ready(hook)
          forget_old(hook)
          create_one(hook, phase: first_phase(hook), leased_until: Time.now.utc + Leased::LEASE)
        end

        # In that dialect nothing is read in order.
        def first_phase(hook)
          hook.settings["api_dialect"].to_s.casecmp?("documented") ? UNREAD : PHASES.first
        end

        def forget_old(hook)
          where(hook_id: hook.id).where.not(state: "running").order(id: :desc).offset(KEPT).delete_all
        end
      end

      # @return [Hash{Symbol => Object}] id, state (running, done or stopped), reason (a sentence, where it stopped),
      #   each of {COUNTS}, examples (by what was found, the first {Run::NAMED}, see {Inventory}, {ReconcileWork} and
      #   {UntoldDeletions}), started_at and finished_at
      def report
        reload
        { id: id, state: state, reason: reason, **COUNTS.to_h { |name| [name.to_sym, counts[name].to_i] },
          examples: examples, started_at: created_at, finished_at: finished_at }
      end

      # Notes what was done with how far it is: both or neither.
      # @param ticket [Integer]
      # @param told [Hash{String => Integer}] to be added to the counts
      # @param named [Hash{String => Array}] to be added to the examples
      # @param columns [Hash{Symbol => Object}]
      # @yield what is kept with it
      # @return [Boolean] false where the run is another one's by now, or has ended
      def note(ticket, told, named = {}, **columns)
        self.class.transaction do
          row = self.class.where(state: "running").lock.find_by(id: id, ticket: ticket)
          next false unless row

          yield if block_given?
          row.update_columns(counts: row.counts.merge(told) { |_, was, more| was + more },
                             examples: row.examples_and(named), leased_until: lease, updated_at: Time.now.utc,
                             **columns)
          true
        end
      end

      # @param why [String] a sentence
      # @return [void]
      def stop(why) = finish("stopped", why)

      # @return [void]
      def done = finish("done", nil)

      private

      def mine = super.where(state: "running")

      def pushed = [ReconcileJob, { "job_id" => "reconcile:#{id}", "run" => id }]

      def finish(state, reason)
        now = Time.now.utc
        open = self.class.where(id: id, state: "running")
        return if open.update_all(state: state, reason: reason, finished_at: now, updated_at: now).zero?

        Key.where(reconcile_id: id).delete_all
      end
    end
  end
end
