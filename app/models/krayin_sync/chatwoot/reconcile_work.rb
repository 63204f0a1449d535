# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What one job does of a {Reconcile}: step after step, until its time is over, live events wait for a thread, or
    # Krayin cannot be asked for now. A step that was done and not noted is done again, and finds it done.
    class ReconcileWork
      include Leased::Slice

      # Contacts that are looked at together.
      CONTACTS = 500
      # Doubted links above which half of them are too many: that is no colleague, but another database, or a user who
      # does not see them.
      MANY = 50
      # How often Krayin may fail in a row.
      FAILURES = 60

      # @param run [Reconcile]
      # @param ticket [Integer]
      def initialize(run, ticket)
        @run = run
        @ticket = ticket
      end

      # @return [Numeric, nil] seconds after which it is to go on; nil where it is not
      def perform
        @began = now
        while working?
          send(:"read_#{run.phase}")
          return 0 if over? || others_wait?
        end
        nil
      rescue KrayinSync::Error => e
        failed(e)
      rescue ReconcilePage::Unordered
        run.stop("Krayin does not give its #{run.phase} in the order of their ids: they cannot be read whole.")
        nil
      end

      private

      attr_reader :run, :hook

      # Live events stand in the same queue.
      def others_wait? = RedisStore.call("LLEN", "queue:#{Chatwoot.configuration.queue}").positive?

      # What was done is noted; the hook may be another one meanwhile.
      def working?
        run.reload
        return false unless run.state == "running" && run.ticket == @ticket

        @hook = ::Integrations::Hook.find_by(id: run.hook_id)
        wrong = why_not
        return true unless wrong

        run.stop(wrong)
        false
      end

      def why_not
        return "The connection is gone." unless hook
        return "The connection was disabled." if hook.disabled?

        "The connection leads to another Krayin now." unless HookSettings.instance(hook) == run.instance
      end

      def read_persons
        page = ReconcilePage.new(run, hook)
        found = Inventory.new(hook, page.asked_at)
        organizations = page.rows.to_h { |id, _, _, organization| [id, organization] }
        found.hold_persons(page.rows.to_h { |id, known| [id, known] }, organizations, page.range)
        note_page(page, found) { doubles.keep(page.rows.to_h { |id, _, keys| [id, keys] }) }
      end

      def read_organizations
        return next_phase unless any?("organization_id")

        page = ReconcilePage.new(run, hook)
        found = Inventory.new(hook, page.asked_at).hold_organizations(page.rows.map(&:first), page.range)
        note_page(page, found) { doubles.keep(page.rows.to_h.transform_values { |key| [*key] }) }
      end

      def read_leads
        return next_phase unless any?("lead_id")

        page = ReconcilePage.new(run, hook)
        note_page(page, Inventory.new(hook, page.asked_at).hold_leads(page.rows.to_h, page.range))
      end

      # What nobody has costs nothing.
      def any?(id)
        of = %w[contact conversation]
        KrayinSync::Records::Link.where(instance: run.instance, kind: of).where.not(id => nil).exists?
      end

      def doubles = Doubles.new(run)

      def note_page(page, found, &)
        told = found.told.merge(run.phase => page.count, "requests" => 1)
        columns = page.last_one? ? phase_after : { page: run.page + 1, cursor: page.last_id, failures: 0 }
        run.note(@ticket, told, found.named, **columns, &)
        stop_where_many
      end

      def phase_after
        { phase: Reconcile::PHASES[Reconcile::PHASES.index(run.phase) + 1], page: 0, cursor: 0, failures: 0 }
      end

      def next_phase = run.note(@ticket, {}, **phase_after)

      def read_contacts
        ids = ::Contact.unscoped.where(account_id: hook.account_id).where("id > ?", run.cursor).order(:id)
                       .limit(CONTACTS).pluck(:id)
        return next_phase if ids.empty?

        found = unfinished(ids)
        missing = found - in_krayin(found)
        told = { "contacts" => ids.size, "missing" => missing.size, "unfinished" => found.size - missing.size }
        run.note(@ticket, told, { "missing" => missing }.reject { |_, all| all.empty? }, cursor: ids.last)
      end

      # @return [Array<Integer>] those that should be in Krayin and are not, or not as they are now; each gets its event
      def unfinished(ids)
        stale = Stale.of(Reach.of(::Contact.unscoped.where(id: ids), hook), "contact", hook)
        cleared = Stale.linked(Reach.of(::Contact.unscoped.where(id: ids), hook), "contact", hook)
                       .where("link.state = 'synced' AND link.person_id IS NULL")
        [stale, cleared].flat_map { |some| Route.of(hook.settings.to_h).pluck("contact", some) }.map do |id, changed_at|
          RecordRef.new(hook.id, "contact", id).enqueue(bulk: true, changed_at: changed_at)
          id
        end
      end

      def in_krayin(ids)
        KrayinSync::Records::Link.where(instance: run.instance, kind: "contact", record_id: ids)
                                 .where.not(person_id: nil).pluck(:record_id)
      end

      def read_deleted = UntoldDeletions.new(run, hook, @ticket).step

      def read_doubled = note_doubled(*doubles.tell_next(run.cursor))

      def read_organizations_doubled = note_doubled(*doubles.next_groups(run.cursor))

      def note_doubled(groups, last)
        named = groups.any? ? { run.phase => groups } : {}
        columns = last ? { cursor: last } : phase_after
        run.note(@ticket, { run.phase => groups.size }, named, **columns) { doubles.forget_keys unless last }
      end

      def stop_where_many
        run.reload
        doubted = run.counts.values_at("gone", "changed_hands").sum(&:to_i)
        return unless doubted >= MANY && doubted * 2 > run.counts["links"].to_i

        run.stop("Of #{run.counts["links"]} persons that were known #{doubted} are not in Krayin, or are somebody " \
                 "else's: look whether it is the Krayin that it was, and whether the token's user sees all persons.")
      end

      def failed(error)
        KrayinSync.logger&.warn("krayin_sync: reconciling hook #{run.hook_id} waits: #{error.class}")
        return run.stop(error.message) if Setback::NOT_ALLOWED.any? { |refusal| error.is_a?(refusal) }

        failures = error.is_a?(RateLimitError) ? run.failures : run.failures + 1
        return run.stop(error.message) if failures >= FAILURES

        wait_after(error) if run.note(@ticket, {}, failures: failures)
      end
    end
  end
end
