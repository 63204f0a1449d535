# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # From an event to the jobs of its record: one for each Krayin hook that wants it, none for what Krayin cannot see.
    module Intake
      class << self
        # An error of ours goes no further than the log: the dispatcher would run all listeners again, and the others
        # have done their work.
        # @param what [String] what did not come of it
        # @return [Object, nil] of the block
        def guard(what = "an event was not taken, and is left to the sweep")
          yield
        rescue StandardError => e
          KrayinSync.logger&.error("krayin_sync: #{what}: #{e.class}")
          nil
        end

        # @param event [Events::Base, #name, #data]
        def event(event)
          heard(event)
          data = event.data
          record = data[:message] || data[:conversation] || data[:contact]
          record ||= data[:contact_data] || data[:conversation_data]
          account = record && KrayinSync::Snapshot.read(record, :account_id)
          return unless account

          hooks = HookSettings.of_account(account)
          hooks.each { |hook| take(hook, event.name.to_s, data) }
          count_reply(hooks, data)
        end

        # An event that extensions hear of, of each Krayin hook of its account. What one raises is told in the log.
        # @param event [Events::Base, #name, #data]
        def heard(event)
          return unless KrayinSync.configuration.extensions.hears?(event.name)

          HookSettings.of_account(account_of(event.data)).select(&:enabled?).each do |hook|
            guard_extension { tell(hook, event) }
          end
        end

        # @param import [DataImport, #account_id, #created_at]
        def imported(import)
          return unless HookSettings.of_account(import.account_id).any?(&:enabled?)

          SweepJob.enqueue(seconds: (Time.now - import.created_at).ceil + 60, account_id: import.account_id)
        end

        # A person has said who a contact is: it and its conversations go on.
        # @param contact_id [Integer]
        def decided(contact_id)
          contact = ::Contact.unscoped.find_by(id: contact_id)
          return unless contact

          HookSettings.of_account(contact.account_id).each do |hook|
            next if hook.disabled?

            RecordRef.new(hook.id, "contact", contact.id).enqueue
            conversation_ids = conversations?(hook) ? conversations_of(contact) : []
            conversation_ids.each { |id| RecordRef.new(hook.id, "conversation", id).enqueue(bulk: true) }
          end
        end

        # @param name [String] contact.updated, say
        # @param data [Hash{Symbol => Object}] the record, and what changed where that is known
        # @return [Reason, nil] why there is no job for it; nil where there is one
        def take(hook, name, data)
          reason = refusal(hook, name, data)
          return unless reason.is_a?(Reason)

          KrayinSync.logger&.debug { "krayin_sync: #{name} left out for hook #{hook.id} (#{reason.code})" }
          reason
        end

        private

        # Of each conversation once: when it has got its first answer.
        def count_reply(hooks, data)
          talk = data[:conversation]
          before, at = data[:changed_attributes].to_h.transform_keys(&:to_s)["first_reply_created_at"]
          return unless talk && at && before.nil?

          began = KrayinSync::Snapshot.read(talk, :created_at)
          hooks.select(&:enabled?).each { |hook| History.replied(hook.id, at.to_time - began.to_time) } if began
        end

        def tell(hook, event)
          Instrumentation.tagged(account_id: hook.account_id, hook_id: hook.id) do
            ProcessorService.new(hook: hook, event_name: event.name.to_s, event_data: event.data).perform
          end
        end

        # {ProcessorService} has told the log.
        def guard_extension
          yield
        rescue ExtensionError
          nil
        end

        def account_of(data)
          data = data.to_h.transform_keys(&:to_sym)
          account = data[:account_id] || data[:account]&.id
          account || data.each_value.filter_map { |record| KrayinSync::Snapshot.read(record, :account_id) }.first
        end

        def refusal(hook, name, data)
          name = name.tr("_", ".")
          return Reason.new("hook_disabled") if hook.disabled? && !SwitchedOff::HEARD.include?(name)

          data = data.symbolize_keys
          case name
          when "contact.created", "contact.updated", "contact.merged" then contact(hook, data)
          when "conversation.created", "conversation.updated", "conversation.resolved"
            conversation(hook, data, urgent: name.end_with?("resolved"))
          when "message.created" then message(hook, data[:message])
          when "conversation.contact.changed" then moved(hook, data[:conversation])
          when "conversation.deleted" then conversation_deleted(hook, gone(data, :conversation))
          when "contact.deleted" then contact_deleted(hook, gone(data, :contact))
          when "message.updated" then changed_message(hook, data)
          else Reason.new("event_wrong")
          end
        end

        def contact(hook, data)
          contact = data[:contact]
          return Reason.new("event_wrong") unless contact

          changed = data[:changed_attributes]
          mapped = MappedField.followed(hook, contact.id)
          return Reason.new("unchanged") unless RelevantChanges.contact?(changed, mapped)
          return Reason.new("unchanged") if own?(hook, contact, changed)
          return Reason.new("no_identity") if !Reach.include?(contact, hook) && unknown?(contact, hook)

          RecordRef.new(hook.id, "contact", contact.id).enqueue
        end

        # Its Krayin has it: a look has brought it from there.
        def own?(hook, contact, changed)
          settings = hook.settings.to_h
          LeadLook.on?(settings) && FollowedContact.policy(settings) != "never" &&
            OwnWrite.back?(hook.id, contact.id, changed)
        end

        # Krayin does not know it, and could not: it would come back as someone else each time.
        def unknown?(contact, hook) = !LinkStore.known?("contact", contact.id, hook)

        # Mostly its first words are written a moment later, and its last ones a moment before it ends.
        def conversation(hook, data, urgent:)
          conversation = data[:conversation]
          return Reason.new("event_wrong") unless conversation
          return Reason.new("unchanged") unless RelevantChanges.conversation?(data[:changed_attributes])
          return Reason.new("not_routed") if route(hook).elsewhere?(conversation)
          return first_conversation(hook, conversation) unless conversations?(hook)

          follow(hook, conversation.id, urgent: urgent)
        end

        # With it a contact of a network has what it was waiting for, though the conversation itself is not wanted; and
        # its inbox or label may be what leads the contact here.
        def first_conversation(hook, conversation)
          contact = conversation.contact
          alone = contact && contact.email.blank? && contact.phone_number.blank?
          waits = contact && (alone || !route(hook).all?) && unknown?(contact, hook)
          return Reason.new("conversations_off") unless waits && Reach.include?(contact, hook)

          RecordRef.new(hook.id, "contact", contact.id).enqueue
        end

        def conversations_of(contact) = ::Conversation.unscoped.where(contact_id: contact.id).order(:id).ids

        def follow(hook, id, urgent: false)
          talk = RecordRef.new(hook.id, "conversation", id)
          talk.enqueue(delay: Chatwoot.configuration.message_delay, urgent: urgent)
        end

        # The conversation's note shows it as well.
        def message(hook, message)
          return Reason.new("event_wrong") unless message
          return Reason.new("message_not_public") unless public?(message)
          return Reason.new("not_routed") if route(hook).elsewhere?(message)

          follow(hook, message.conversation_id) if Settings.on?(hook.settings.to_h, "sync_conversations")
          return Reason.new("messages_and_stages_off") unless wanted?(hook, "sync_messages")

          RecordRef.new(hook.id, "message", message.id).enqueue(delay: Chatwoot.configuration.message_delay)
        end

        def public?(message) = %w[incoming outgoing].include?(message.message_type.to_s) && !message.private?

        def changed_message(hook, data)
          message = data[:message]
          noted = message ? MessageNotes.of(message) : {}
          return deletion(hook, message) if noted["deleted"]
          return answer(hook, message) if answered?(noted, data[:previous_changes])
          return answer(hook, message) if said_anew?(message, data[:previous_changes])

          Reason.new("unchanged")
        end

        # Every tick of a message's delivery comes along with what was answered long ago.
        def answered?(noted, changes)
          return false if changes && !changes.to_h.stringify_keys.key?("content_attributes")

          noted["submitted_values"].present? || noted["submitted_email"].present?
        end

        # As Telegram's people change what they have written.
        def said_anew?(message, changes) = message && public?(message) && changes.to_h.stringify_keys.key?("content")

        # What Chatwoot asked (a choice, a form, a survey) was said by nobody until now, or was said otherwise.
        def answer(hook, message)
          return Reason.new("message_not_public") if message.private?
          return Reason.new("not_routed") if route(hook).elsewhere?(message)

          settings = hook.settings.to_h
          follows = Settings.on?(settings, "sync_conversations") || Settings.maps_conversations?(settings)
          follow(hook, message.conversation_id) if follows
          return Reason.new("messages_and_stages_off") unless wanted?(hook, "sync_messages")

          RecordRef.new(hook.id, "message_edit", message.id).enqueue(delay: Chatwoot.configuration.message_delay)
        end

        # The conversation's note has its words too.
        def deletion(hook, message)
          RecordRef.new(hook.id, "message_deletion", message.id).enqueue
          follow(hook, message.conversation_id, urgent: true) if wanted?(hook, "sync_conversations")
        end

        # Its contact was merged into another one, or it was given to another: what was said follows.
        def moved(hook, conversation)
          return Reason.new("event_wrong") unless conversation
          return Reason.new("conversations_off") unless wanted?(hook, "sync_conversations")

          follow(hook, conversation.id, urgent: true)
          said = Aftermath.children("message", conversation.id, hook).distinct.pluck(:record_id)
          said.each { |id| RecordRef.new(hook.id, "message", id).enqueue(bulk: true) }
          nil
        end

        # Chatwoot tells of what is gone by its fields; before 4.13 by the record itself.
        def gone(data, kind)
          known = data[:"#{kind}_data"] || data[kind]
          known && KrayinSync::Snapshot.read(known, :id)
        end

        # Where its contact is gone as well, what becomes of it is the contact's. Where that is erased, messages that
        # were brought without their conversation are found by this alone.
        def conversation_deleted(hook, id)
          return Reason.new("event_wrong") unless id

          contact = RecordRef.new(hook.id, "conversation_deletion", id).contact_id
          # What is on its way there is seen to be gone when it has come.
          return Reason.new("not_in_krayin") unless contact

          goes = Aftermath.decided?("erase") || ::Contact.unscoped.exists?(id: contact)
          return Reason.new("contact_kept") unless goes

          RecordRef.new(hook.id, "conversation_deletion", id).enqueue
        end

        def contact_deleted(hook, id)
          return Reason.new("event_wrong") unless id
          return RecordRef.new(hook.id, "merge", id).enqueue if Merge.of(id, HookSettings.instance(hook))
          # It lives on as another one, in the Krayins that have it.
          return Reason.new("not_in_krayin") if Merge.of(id)
          return keep(hook, id) if Aftermath.decided?("keep")

          RecordRef.new(hook.id, "contact_deletion", id).enqueue
        end

        def keep(hook, id)
          LinkStore.keep_contacts(hook, [id])
          Reason.new("contact_kept")
        end

        def route(hook) = Route.of(hook.settings.to_h)

        def conversations?(hook)
          settings = hook.settings.to_h
          wanted?(hook, "sync_conversations") || Settings.leads_by_conversation?(settings) ||
            Settings.maps_conversations?(settings)
        end

        def wanted?(hook, setting)
          [setting, "stage_progression_enabled"].any? { |key| Settings.on?(hook.settings.to_h, key) }
        end
      end
    end
  end
end
