# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # One record's state as it is now, brought to Krayin by its processor, and what was learned on the way, kept.
    class Synchronization
      include Opaque

      # What is gone, or says something else than it did, by the kind of its job.
      EVENTS = { "merge" => "contact.merged", "contact_deletion" => "contact.deleted", "erasure" => "contact.erased",
                 "conversation_deletion" => "conversation.deleted", "message_deletion" => "message.deleted",
                 "message_edit" => "message.updated", "lead_move" => "lead.moved", "act" => "lead.changed" }.freeze
      # Traits of the server that its answers tell anew.
      LEARNED = %w[utc_offset_minutes pipelines stages_at].freeze
      # What an administrator may keep out of Krayin. What is taken out of it goes all the same.
      BRINGING = %w[contact conversation message message_edit].freeze
      # As of a record that its processor left out.
      KEPT_OUT = { status: "skipped", codes: [{ code: "kept_out" }], requests: 0, created: [], updated: [],
                   doubtful: [] }.freeze

      # @param entry [RecordRef]
      # @param hook [Integrations::Hook]
      # @param gate [Gate] which is passed before anything is asked or written
      # @param began [Time] as of when the record is read
      # @param known [#check, nil] the hook where it was remembered: whether it is still so is seen with the record
      # @param glance [BackfillGlance::Of, nil] who knows what Krayin has shown of others and of it
      # @param pace [BackfillPace, nil] who is told how long answers take
      def initialize(entry, hook, gate, began:, bulk: false, known: nil, glance: nil, pace: nil)
        @entry = entry
        @hook = hook
        @gate = gate
        @began = began
        @bulk = bulk
        @remembered = known
        @pace = pace
        @happened = Happening.new(entry, hook, bulk: bulk)
        @records = LinkStore.new(began: began, instance: HookSettings.instance(hook), glance: glance) { gate.pass }
      end

      # @return [Boolean, nil] whether Krayin had the contact when it was read; nil of other records
      attr_reader :known

      # @return [Hash{Symbol => Object}, nil] the processor's outcome; nil where there is nothing to bring
      # @raise [Error, KnownHook::Changed]
      def perform
        outcome = bring
        tell { outcome && @happened.done(outcome) }
        outcome
      rescue Error => e
        tell { @happened.failed(e) }
        raise
      end

      private

      attr_reader :entry, :hook, :gate, :records

      # What goes wrong there is nothing to the event.
      def tell
        Intake.guard("what was done was not noted") { History.tell(@happened) if yield }
      end

      def bring
        return move if entry.kind == "lead_move"
        return act if entry.kind == "act"

        data = read
        return gone unless data
        return keep_out if kept_out?(data)

        outcome = outcome_of(data)
        conclude(outcome)
        look_soon if gate.passed?
        mark_recovered if outcome[:requests].to_i.positive?
        HookSettings.tell_tokens(hook, outcome[:tokens]) if outcome[:tokens]
        outcome
      rescue Route::Elsewhere
        leave_alone
      end

      def move
        @happened.event = EVENTS.fetch(entry.kind)
        LeadMove.new(hook, entry.id) { asked }.perform
      end

      def act
        @happened.event = EVENTS.fetch(entry.kind)
        work = PanelWork.new(hook, entry.id) { asked }
        @happened.about(work.about)
        work.perform
      end

      def read
        route = Route.of(hook.settings)
        data = EventData.read(entry.kind, entry.id, records, labels: labels?, sources: sources,
                                                             known: (@remembered unless gate.passed?),
                                                             route: (route unless route.all?))
        @known = records.person?(entry.id) if data && entry.kind == "contact"
        data
      end

      def outcome_of(data)
        @happened.about(data)
        processor(data).perform
      rescue RateLimitError
        records.take_back if @bulk && !@heard
        raise
      end

      # Since its job asked whose it is.
      def gone
        Aftermath.there?(entry, hook)
        nil
      end

      def conclude(outcome)
        return if !gate.passed? && nothing_to_keep?(outcome)

        gate.pass
        note_for_looks(outcome[:updated].to_a)
        look_after(outcome)
        learn
        keep_skipped(outcome)
        records.seen(entry.kind, entry.id) if @bulk || records.tried?(entry.kind, entry.id)
      end

      # What a look is to know of it.
      def note_for_looks(updated)
        StageRuled.note(hook.id, entry.contact_id) if updated.include?("stage")
        TagLook.learn(hook, entry.contact_id) if updated.include?("tags") && TagLook.on?(hook.settings)
      end

      # What went on its records meanwhile.
      def look_after(outcome)
        Aftermath.of(entry, hook)
        Aftermath.there?(entry, hook) if outcome[:created].to_a.include?("activity")
      end

      # Which lead it has is shown with the contact, once it has one.
      def look_soon
        return unless entry.kind == "contact" && LeadLook.on?(hook.settings) && records.known?("contact", entry.id)

        LeadLook.hint(hook.id) if ShownLead.expect(hook, entry.id)
      end

      # What its Krayin has of it stays as it is, and says why.
      def leave_alone(code = "not_routed")
        KrayinSync.logger&.debug { "krayin_sync: #{entry} left out (#{code})" }
        return if !records.known?(entry.kind, entry.id) || records.said?(entry.kind, entry.id, code)

        gate.pass
        LinkStore.note(entry, hook, state: "skipped", reason: Reason.new(code))
        nil
      end

      # The record, or whose it is.
      def kept_out?(data)
        return false unless BRINGING.include?(entry.kind)

        talk = data[:conversation] || data.dig(:message, :conversation)
        contact = data[:contact] || talk.to_h[:contact]
        { "message" => data[:message], "conversation" => talk, "contact" => contact }
          .any? { |kind, of| of && records.kept_out?(kind, of[:id]) }
      end

      def keep_out
        leave_alone("kept_out") unless entry.kind == "message_edit"
        KEPT_OUT
      end

      def nothing_to_keep?(outcome)
        outcome[:codes].to_a.first.to_h[:code] == "unchanged" && !records.tried?(entry.kind, entry.id)
      end

      def labels? = settings.settings["lead_policy"] == "on_label" || sources.include?("contact.labels")

      def sources = @sources ||= Settings.sources(settings.settings)

      def processor(data)
        @happened.event = event_name(data)
        Registered.processor.new(inbox: nil, hook: settings, records: records, event_name: @happened.event,
                                 event_data: data, bulk: @bulk, on_attempt: method(:heard),
                                 limiter_store: (gate unless gate.passed?))
      end

      # @param json [String] of an attempt, as {Attempts} is told it
      def heard(json)
        @heard = true
        asked
        took = @pace && JSON.parse(json)["duration_ms"]
        @pace.tell(took) if took
      end

      # After each attempt.
      def asked
        @happened.asked
        # What a thread does not use meanwhile, others may have: the pool is made for Chatwoot's threads alone.
        ::ActiveRecord::Base.connection_pool.release_connection
        gate.extend_life
      end

      # The processor notes in it what an answer tells of the server's clock.
      def settings
        # Others share the hook: only what is written to is this event's own.
        @settings ||= HookSettings.new(ProcessorService::APP_ID,
                                       Chatwoot.limits.merge(hook.settings, "traits" => hook.settings["traits"].dup))
      end

      def event_name(data)
        case entry.kind
        when "contact" then "contact.updated"
        when "message" then "message.created"
        when "conversation" then event_of_conversation(data)
        else EVENTS.fetch(entry.kind)
        end
      end

      # A conversation of which Krayin knows nothing and which began after the connection is new, whichever of its
      # events was the first to arrive.
      def event_of_conversation(data)
        known = records.known?("conversation", entry.id) || data[:conversation][:created_at] < hook.created_at.floor
        known ? "conversation.updated" : "conversation.created"
      end

      def learn
        LEARNED.each do |name|
          learned = settings.settings.dig("traits", name)
          next if learned.nil? || hook.settings.dig("traits", name) == learned

          HookSettings.put(hook, ["traits", name], learned)
        end
      end

      # Why a contact is not in Krayin, or what an extension left out. What hangs on a contact is looked at again by the
      # sweep.
      def keep_skipped(outcome)
        reason = outcome[:codes].to_a.first
        return unless outcome[:status] == "skipped" && reason
        return unless entry.kind == "contact" || left_out?(reason)
        return if reason[:code] == "unchanged" || records.stored?(entry.kind, entry.id)

        LinkStore.note(entry, hook, state: "skipped", reason: Reason.of(reason))
      end

      def left_out?(reason) = reason[:code] == "extension_skipped" && Extension::MAPPED.include?(entry.kind)

      def mark_recovered
        return unless hook.settings["setup_error"]

        HookSettings.merge(hook, {}, without: %w[setup_error setup_error_at])
        HookSettings.works(hook)
      end
    end
  end
end
