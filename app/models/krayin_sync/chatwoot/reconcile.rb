# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Holds all that is kept of a Krayin's persons, organizations and leads against what Krayin has, a thousand a
    # request: what is gone, what is somebody else's by now, what is there twice, and contacts that should be there and
    # are not. What the settings let be mended gets its event; the rest is told by its link's state and reason. Where
    # all is well it costs the reading and nothing more.
    #
    #   KrayinSync::Chatwoot::Reconcile.run(hook) # => { state: "done", persons: 1200, gone: 2, missing: 0, ... }
    #
    # A run is a row, with how far it is: whoever comes after a killed process goes on there.
    class Reconcile < ::ActiveRecord::Base
      self.table_name = "krayin_sync_reconciles"

      # It cannot be done as things stand; the message says why and what to do. Not retryable.
      class NotPossible < Error
        CODE = "reconcile_not_possible"
        ADVICE = "Do what the message says first."
      end

      # What a run does, one after the other.
      PHASES = %w[persons doubled organizations organizations_doubled leads contacts].freeze
      # What it counts: records that were read or held, what was found of them, and requests.
      COUNTS = %w[persons organizations leads links contacts gone organizations_gone leads_gone changed_hands
                  organizations_moved leads_moved doubled organizations_doubled missing unfinished requests].freeze
      # Records of each that are named.
      NAMED = 100
      # Seconds after which a run that nobody has told of counts as lost.
      LEASE = 120
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
        def start(hook) = create_one(hook).tap(&:push)

        # Begins one and works it to its end, in this process.
        # @param hook [Integrations::Hook]
        # @return [Hash{Symbol => Object}] see {#report}
        # @raise [NotPossible]
        def run(hook)
          run = create_one(hook)
          ticket = run.give_ticket
          while (wait = ReconcileWork.new(run, ticket).perform)
            sleep(wait)
          end
          run.report
        end

        # @return [Reconcile, nil] the last of a connection
        def of(hook) = where(hook_id: hook.id).order(:id).last

        # Pushes what was lost with a process or with Redis. Every process looks at every beat.
        # @return [void]
        def recover
          where(state: "running").where("leased_until < ?", Time.now.utc).find_each(&:push) if table_exists?
        end

        # What runs ends, and begins no more.
        # @return [void]
        def cancel_all
          where(state: "running").find_each { |run| run.stop("It was cancelled.") } if table_exists?
        end

        private

        def ready(hook)
          raise NotPossible, "Its table is missing: run rails generate krayin_sync:install and migrate." unless
            table_exists?
          raise NotPossible, "The connection is disabled: enable it first." if hook.disabled?
          return if HookSettings.instance(hook)

          raise NotPossible, "The connection's set-up has not ended: wait for it, or look with krayin_sync:doctor."
        end

        def create_one(hook)
          ready(hook)
          forget_old(hook)
          create!(account_id: hook.account_id, hook_id: hook.id, instance: HookSettings.instance(hook),
                  phase: first_phase(hook), leased_until: Time.now.utc + LEASE)
        rescue ::ActiveRecord::RecordNotUnique
          raise NotPossible, "This Krayin is being reconciled already: wait for the end."
        end

        # In that dialect nothing is read in order.
        def first_phase(hook)
          hook.settings["api_dialect"].to_s.casecmp?("documented") ? PHASES.last : PHASES.first
        end

        def forget_old(hook)
          where(hook_id: hook.id).where.not(state: "running").order(id: :desc).offset(KEPT).delete_all
        end
      end

      # @return [Hash{Symbol => Object}] id, state (running, done or stopped), reason (a sentence, where it stopped),
      #   each of {COUNTS}, examples (by what was found, the first {NAMED}, see {Inventory} and {ReconcileWork}),
      #   started_at and finished_at
      def report
        reload
        { id: id, state: state, reason: reason, **COUNTS.to_h { |name| [name.to_sym, counts[name].to_i] },
          examples: examples, started_at: created_at, finished_at: finished_at }
      end

      # Gives the run to a job of its own; any before it has lost it.
      # @return [void]
      def push(delay: 0)
        given = give_ticket(delay)
        return unless given

        asked = { "job_id" => "reconcile:#{id}", "run" => id, "ticket" => given }
        job = ReconcileJob.set(queue: Chatwoot.configuration.queue)
        delay.positive? ? job.perform_in(delay, asked) : job.perform_async(asked)
      end

      # @return [Integer, nil] what tells who works it from now on; nothing where another one was faster
      def give_ticket(delay = 0)
        given = ticket + 1
        leased = Time.now.utc + delay + LEASE
        mine = self.class.where(id: id, ticket: ticket, state: "running")
        return if mine.update_all(ticket: given, leased_until: leased).zero?

        self.ticket = given
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
          row = self.class.lock.find_by(id: id, ticket: ticket, state: "running")
          next false unless row

          yield if block_given?
          row.update_columns(counts: row.counts.merge(told) { |_, was, more| was + more },
                             examples: added(row.examples, named),
                             leased_until: Time.now.utc + LEASE, updated_at: Time.now.utc, **columns)
          true
        end
      end

      # @param why [String] a sentence
      # @return [void]
      def stop(why) = finish("stopped", why)

      # @return [void]
      def done = finish("done", nil)

      private

      def finish(state, reason)
        now = Time.now.utc
        open = self.class.where(id: id, state: "running")
        return if open.update_all(state: state, reason: reason, finished_at: now, updated_at: now).zero?

        Key.where(reconcile_id: id).delete_all
      end

      def added(known, named)
        named.to_h { |what, rows| [what, (known[what].to_a + rows).first(NAMED)] }.then { |more| known.merge(more) }
      end
    end
  end
end
