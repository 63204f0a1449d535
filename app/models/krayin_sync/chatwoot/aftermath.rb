# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What follows when a record's job is done that others hang on: their links say which.
    module Aftermath
      # What is said there of a record, by the kinds of its jobs.
      SAID = { "conversation" => "conversation", "message" => "message", "message_edit" => "message" }.freeze

      class << self
        # @param entry [RecordRef]
        # @param hook [Integrations::Hook]
        # @return [void]
        def of(entry, hook)
          case entry.kind
          when "merge" then Merge.done(entry.id, HookSettings.instance(hook))
          when "conversation_deletion" then enqueue(hook, "message_deletion", children("message", entry.id, hook))
          when "erasure" then erase(entry, hook)
          when "contact_deletion" then contact_deleted(entry, hook)
          end
        end

        # A conversation or message that was deleted before, or while, its job brought it over: who told of that found
        # nothing of it in Krayin yet.
        # @param entry [RecordRef]
        # @param hook [Integrations::Hook]
        # @return [Boolean] whether it is there
        def there?(entry, hook)
          kind = SAID[entry.kind]
          return true if kind.nil? || said?(kind, entry.id)

          gone = RecordRef.new(hook.id, "#{kind}_deletion", entry.id)
          contact = gone.contact_id if LinkStore.known?(kind, entry.id, hook)
          # Where its contact is gone as well, what becomes of it is the contact's.
          gone.enqueue if contact && ::Contact.unscoped.exists?(id: contact)
          false
        end

        # @param kind [String] of the links
        # @param hook [Integrations::Hook]
        # @return [ActiveRecord::Relation<KrayinSync::Records::Link>] those of its Krayin that belong to a record
        def children(kind, parent, hook) = LinkStore.of(hook, kind: kind, parent_id: parent)

        # @param policy [String] keep, unlink_and_mark or erase
        # @return [Boolean] whether that is what becomes of what a contact that was deleted has in Krayin
        def decided?(policy) = Chatwoot.configuration.on_contact_deleted.to_s == policy

        private

        # Of a conversation that was deleted the messages go a moment later.
        def said?(kind, id)
          return ::Conversation.unscoped.exists?(id: id) if kind == "conversation"

          talk = ::Message.unscoped.where(id: id).select(:conversation_id)
          ::Conversation.unscoped.exists?(id: talk)
        end

        def contact_deleted(entry, hook)
          erase(entry, hook) if decided?("erase")
          unlink(entry.id, hook) if decided?("unlink_and_mark")
        end

        def erase(entry, hook) = enqueue(hook, "conversation_deletion", children("conversation", entry.id, hook))

        def unlink(contact, hook)
          talks = children("conversation", contact, hook)
          children("message", talks.select(:record_id), hook).delete_all
          talks.delete_all
        end

        def enqueue(hook, kind, links)
          links.distinct.pluck(:record_id).each { |id| RecordRef.new(hook.id, kind, id).enqueue(bulk: true) }
        end
      end
    end
  end
end
