# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Which contacts a hook brings to Krayin: those with an e-mail address or a number, and by its setting those that a
    # network vouches for.
    module Reach
      # Channels whose source ids the networks' own servers give, as the core has them. On the others visitors choose.
      NETWORKS = (Snapshot::CLOSED - ["Channel::Email"]).freeze

      KNOWN = "contacts.email <> '' OR contacts.phone_number <> ''"
      ON_NETWORK = <<~SQL.squish
        FROM contact_inboxes JOIN inboxes ON inboxes.id = contact_inboxes.inbox_id
        WHERE contact_inboxes.contact_id = contacts.id
          AND inboxes.channel_type IN (#{NETWORKS.map { |name| "'#{name}'" }.join(", ")})
      SQL
      HAS_CONVERSATION = "EXISTS (SELECT 1 FROM conversations talk WHERE talk.contact_id = contacts.id)"

      # No inbox whose visitors write the contact's attributes.
      BY_COLLEAGUES = <<~SQL.squish
        NOT EXISTS (SELECT 1 FROM contact_inboxes open JOIN inboxes ON inboxes.id = open.inbox_id
          WHERE open.contact_id = contacts.id
            AND inboxes.channel_type NOT IN (#{Snapshot::CLOSED.map { |name| "'#{name}'" }.join(", ")}))
      SQL

      # Columns to be read with a contact.
      COLUMNS = <<~SQL.squish
        (SELECT jsonb_agg(jsonb_build_object('channel_type', inboxes.channel_type,
          'source_id', contact_inboxes.source_id) ORDER BY contact_inboxes.id) #{ON_NETWORK}) AS krayin_inboxes,
        #{HAS_CONVERSATION} AS krayin_has_conversation, #{BY_COLLEAGUES} AS krayin_by_colleagues
      SQL

      class << self
        # @param records [ActiveRecord::Relation] one that has contacts in it
        def of(records, hook)
          case setting(hook)
          when "never" then records.where(KNOWN)
          when "always" then records
          else records.where("#{KNOWN} OR (EXISTS (SELECT 1 #{ON_NETWORK}) AND #{HAS_CONVERSATION})")
          end
        end

        # @param contact [Contact]
        def include?(contact, hook)
          return true if contact.email.present? || contact.phone_number.present?

          setting(hook) != "never" && of(::Contact.unscoped.where(id: contact.id), hook).exists?
        end

        # @return [Hash] what was read by {COLUMNS}
        def read(contact)
          inboxes = contact[:krayin_inboxes]
          inboxes = JSON.parse(inboxes) if inboxes.is_a?(String)
          { contact_inboxes: inboxes.to_a, has_conversation: contact[:krayin_has_conversation],
            is_written_by_colleagues: contact[:krayin_by_colleagues] }
        end

        private

        def setting(hook)
          Settings.choice(hook.settings.to_h, "contacts_without_email_or_phone")
        end
      end
    end
  end
end
