# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Finds what is unfinished and enqueues it: jobs that were lost with their process, intents, and what was touched
    # within the window and is not in Krayin as it is now. Contacts of a CSV import are among them: they have no events.
    class Sweep
      # Seconds for which what the set-up learned holds.
      LEARNED_FOR = 3600
      # Seconds that are swept before a process was seen for the last time that has died.
      BEFORE_DEATH = 600

      # @param since [Time] from when on
      # @param hooks [ActiveRecord::Relation<Integrations::Hook>, nil] which connections, of those that are to work; all
      #   where nil
      def initialize(since:, hooks: nil)
        @since = since
        @hooks = hooks || HookSettings.all
      end

      # Pushes what was lost with a process of Sidekiq's. Every process looks at every beat.
      def self.recover
        Intake.guard("lost jobs were not looked for") do
          back = JobRegistry.orphans.map { |entry| RecordRef.parse(entry).enqueue }
          if (gone_for = JobRegistry.gone_for)
            back += LostJobs.find.map { |entry| RecordRef.parse(entry).enqueue }
            # Chatwoot's own jobs that tell of events went with it.
            SweepJob.enqueue(seconds: BEFORE_DEATH + gone_for)
          end
          tell(back.count(true))
        end
        Intake.guard("lanes of backfills were not looked for") { BackfillLane.recover }
        Intake.guard("looks that are due were not begun") { LookJob.enqueue_due }
        Intake.guard("reconciles were not looked for") { Reconcile.recover }
        Intake.guard("nobody looked for what to tell administrators") { Notice.look }
        Intake.guard("what was asked for in panels was not looked for") { PanelAct.recover }
      end

      def self.tell(back)
        return if back.zero?

        KrayinSync.logger&.info("krayin_sync: #{back} jobs that were lost with a process of Sidekiq's are back")
      end
      private_class_method :tell

      # @return [Hash{Symbol => Integer}] how many jobs were enqueued, by kind
      def run
        found = Hash.new(0)
        Intake.guard("what is old was not taken out of the log") { History.prune_daily }
        JobRegistry.lost.each { |entry| found[:lost] += 1 if RecordRef.parse(entry).enqueue(bulk: true) }
        @hooks.find_each { |hook| look_at(hook, found) }
        found
      end

      private

      # One hook's trouble is not the others'.
      def look_at(hook, found)
        return unless HookSettings.wanted?(hook)

        found[:setup] += set_up(hook) if outdated?(hook)
        return unless hook.settings.to_h["traits"]

        kinds(hook).each do |kind|
          send(:"each_of_#{kind}s", hook) do |stale|
            found[kind] += enqueue(hook, kind, stale)
          end
        end
        found[:merge] += merges(hook)
      rescue StandardError => e
        KrayinSync.logger&.error("krayin_sync: the sweep of hook #{hook.id} failed: #{e.class}. Others go on.")
      end

      # Its job was lost or has given up, or what was learned is an hour old: stages are added and moved, and servers
      # upgraded.
      def outdated?(hook)
        learned = hook.settings.to_h.dig("traits", "learned_at").to_i
        Time.now.to_i - learned >= LEARNED_FOR
      end

      def set_up(hook)
        SetupJob.enqueue(hook.id)
        1
      end

      def kinds(hook)
        wanted = ->(key) { Settings.on?(hook.settings.to_h, key) }
        talks = wanted["sync_conversations"] || wanted["stage_progression_enabled"] ||
                Settings.leads_by_conversation?(hook.settings.to_h) || Settings.maps_conversations?(hook.settings.to_h)
        [:contact, (:conversation if talks), (:message if wanted["sync_messages"])].compact
      end

      def each_of_contacts(hook)
        Touched.by_id("contacts", hook.account_id, @since) do |ids|
          yield Stale.of(Reach.of(::Contact.unscoped.where(id: ids), hook), "contact", hook)
        end
      end

      def each_of_conversations(hook)
        Touched.by_id("conversations", hook.account_id, @since) do |ids|
          known = ::Conversation.unscoped.where(id: ids)
                                .joins("JOIN contacts ON contacts.id = conversations.contact_id")
          yield Stale.of(Reach.of(known, hook), "conversation", hook)
        end
      end

      # What a message says does not change: only whether it is there.
      def each_of_messages(hook)
        Touched.messages(hook.account_id, @since) do |ids|
          known = ::Message.unscoped.where(id: ids)
                           .joins("JOIN conversations ON conversations.id = messages.conversation_id " \
                                  "JOIN contacts ON contacts.id = conversations.contact_id")
          yield Stale.linked(Reach.of(known, hook), "message", hook).where("link.id IS NULL OR link.state = 'waiting'")
        end
      end

      # Whose event was lost.
      def merges(hook)
        noted = KrayinSync::Records::Link.where(instance: HookSettings.instance(hook), state: "waiting")
        noted = noted.where(kind: "contact").where.not(merged: nil).where("updated_at < ?", Time.now.utc - 60)
        kept = noted.pluck(:record_id, :merged).select { |_, merged| of_account?(hook, merged["into"]) }
        kept.count { |id, _| RecordRef.new(hook.id, "merge", id).enqueue(bulk: true) }
      end

      def of_account?(hook, contact)
        kept = Merge.kept(contact)
        kept && ::Contact.unscoped.where(id: kept, account_id: hook.account_id).exists?
      end

      def enqueue(hook, kind, records)
        Route.of(hook.settings).pluck(kind.to_s, records).count do |id, changed_at|
          RecordRef.new(hook.id, kind.to_s, id).enqueue(bulk: true, changed_at: changed_at)
        end
      end
    end
  end
end
