# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # The records of an event as they are now, in at most four queries: contact, conversation with what it is joined to,
    # messages with their senders, attachments with their files. Chatwoot's own classes say how each column is read, so
    # its encryption and enumerations hold.
    module EventData
      CONVERSATION = <<~SQL.squish
        inboxes.name AS inbox_name, inboxes.timezone AS inbox_zone,
        inboxes.channel_type AS channel_type, channel_twilio_sms.medium AS channel_medium,
        channel_email.email AS inbox_email, users.name AS assignee_name, users.email AS assignee_email,
        teams.name AS team_name
      SQL
      # What {CONVERSATION} names.
      JOINED = %i[
        inbox_zone channel_type channel_medium inbox_name inbox_email assignee_name assignee_email team_name
      ].freeze
      JOINS = <<~SQL.squish
        LEFT JOIN inboxes ON inboxes.id = conversations.inbox_id
        LEFT JOIN channel_email ON channel_email.id = inboxes.channel_id AND inboxes.channel_type = 'Channel::Email'
        LEFT JOIN channel_twilio_sms
          ON channel_twilio_sms.id = inboxes.channel_id AND inboxes.channel_type = 'Channel::TwilioSms'
        LEFT JOIN users ON users.id = conversations.assignee_id
        LEFT JOIN teams ON teams.id = conversations.team_id
      SQL
      SENDER = "COALESCE(contacts.name, users.name, agent_bots.name) AS sender_name"
      SENDERS = <<~SQL.squish
        LEFT JOIN contacts ON messages.sender_type = 'Contact' AND contacts.id = messages.sender_id
        LEFT JOIN users ON messages.sender_type = 'User' AND users.id = messages.sender_id
        LEFT JOIN agent_bots ON messages.sender_type = 'AgentBot' AND agent_bots.id = messages.sender_id
      SQL
      ATTACHMENT = <<~SQL.squish
        attachments.*, active_storage_blobs.filename AS file_name, active_storage_blobs.content_type AS content_type,
        active_storage_blobs.byte_size AS byte_size
      SQL
      FILE = %i[file_name content_type byte_size].freeze
      FILES = <<~SQL.squish
        LEFT JOIN active_storage_attachments ON active_storage_attachments.record_type = 'Attachment'
          AND active_storage_attachments.record_id = attachments.id AND active_storage_attachments.name = 'file'
        LEFT JOIN active_storage_blobs ON active_storage_blobs.id = active_storage_attachments.blob_id
      SQL

      # Of a contact, one text; in the same query.
      LABELS = <<~SQL.squish
        (SELECT string_agg(tags.name, ',') FROM taggings JOIN tags ON tags.id = taggings.tag_id
         WHERE taggings.taggable_type = 'Contact' AND taggings.taggable_id = contacts.id
           AND taggings.context = 'labels') AS contact_labels
      SQL

      # The inbox that a contact first wrote to, and what asks for it.
      FIRST_INBOX = "contact.first_inbox"
      FIRST = <<~SQL.squish
        (SELECT jsonb_build_object('id', inboxes.id, 'name', inboxes.name, 'channel_type', inboxes.channel_type,
          'channel_medium', channel_twilio_sms.medium)
         FROM contact_inboxes JOIN inboxes ON inboxes.id = contact_inboxes.inbox_id
         LEFT JOIN channel_twilio_sms
           ON channel_twilio_sms.id = inboxes.channel_id AND inboxes.channel_type = 'Channel::TwilioSms'
         WHERE contact_inboxes.contact_id = contacts.id ORDER BY contact_inboxes.id LIMIT 1) AS krayin_first_inbox
      SQL

      # What asks for the colours of labels.
      COLORS = "label.color"

      # What is asked for where the settings map it, by its source.
      MAPPED = {
        "campaign.title" => "(SELECT title FROM campaigns WHERE campaigns.id = conversations.campaign_id)",
        "csat.rating" => "(SELECT rating FROM csat_survey_responses said WHERE said.conversation_id = " \
                         "conversations.id ORDER BY said.id DESC LIMIT 1)",
        "csat.feedback" => "(SELECT feedback_message FROM csat_survey_responses said WHERE said.conversation_id = " \
                           "conversations.id ORDER BY said.id DESC LIMIT 1)",
        "conversation.resolution_seconds" =>
          "(SELECT value FROM reporting_events told WHERE told.conversation_id = conversations.id AND " \
          "told.name = 'conversation_resolved' ORDER BY told.id DESC LIMIT 1)"
      }.transform_keys { |source| [source, source.tr(".", "_").delete_prefix("conversation_")] }.freeze

      # Written out: to have it built anew costs a third of reading it, and each column that nobody looks at is taken
      # apart with the others.
      CONTACT = "SELECT %<columns>s, #{LinkStore.kept("contact")}, #{Reach::COLUMNS}%<more>s FROM contacts " \
                "WHERE id = %<id>d".freeze
      HOOK = "(#{KnownHook::VERSION}) AS krayin_hook".freeze

      class << self
        # @param kind [String] contact, conversation or message
        # @param records [LinkStore] is given what is kept of each, which is read with it
        # @param labels [Boolean] whether a contact's labels matter
        # @param sources [Array<String>] what the settings map
        # @param known [#check, nil] the hook as it was when a contact's job began, to be seen to be as it was
        # @param route [Route, nil] whom the hook's Krayin is for, where not for everybody; what was deleted or merged
        #   is looked for all the same
        # @return [Hash, nil] the data of an event; nil where the record is gone
        # @raise [KnownHook::Changed]
        # @raise [Route::Elsewhere] where the record is for another Krayin
        def read(kind, id, records, labels: false, sources: [], known: nil, route: nil)
          data = data_of(kind, id, records, labels: labels, sources: sources, known: known, route: route)
          data && sources.include?(COLORS) ? colored(data) : data
        end

        private

        def data_of(kind, id, records, labels:, sources:, known:, route:)
          case kind
          when "contact"
            contact = contact(id, records, labels, known, route, first: sources.include?(FIRST_INBOX))
            contact && { contact: contact }
          when "conversation"
            (talk = conversation(id, records, labels, sources, route)) && { conversation: with_messages(talk) }
          when "message", "message_edit" then (message = message(id, records, labels, route)) && { message: message }
          when "merge" then merge(id, records, labels)
          when "contact_deletion", "erasure" then { contact: { id: id } }
          when "conversation_deletion" then { conversation: { id: id } }
          when "message_deletion" then { message: { id: id } }
          end
        end

        # The labels' colours, in one statement more where there are any labels.
        def colored(data)
          labelled = [data[:contact], data[:conversation], data.dig(:conversation, :contact)]
          labelled = labelled.compact.select { |of| of[:label_list].present? }
          return data if labelled.empty?

          titles = labelled.flat_map { |of| of[:label_list] }.uniq
          colors = ::Label.where(account_id: labelled.first[:account_id], title: titles).pluck(:title, :color).to_h
          labelled.each { |of| of[:label_colors] = colors }
          data
        end

        # Who was merged is gone, and may have been merged into one that was merged as well.
        def merge(id, records, labels)
          merged = Merge.of(id, records.instance)
          kept = merged && Merge.kept(merged["into"])
          contact = kept && contact(kept, records, labels)
          contact && { contact: contact, merged: merged.except("into").merge("id" => id) }
        end

        def contact(id, records, labels, known = nil, route = nil, first: false)
          return unless id

          more = [(LABELS if labels), (FIRST if first), (format(HOOK, id: known.hook.id) if known),
                  here("contact", route)].compact
          sql = format(CONTACT, columns: contact_columns, more: more.map { |one| ", #{one}" }.join, id: id)
          record = Row.find(::Contact, sql)
          return unless record

          known&.check(record[:krayin_hook])
          records.take("contact", record)
          route_to(route, record[:krayin_here], record)
          plain = KrayinSync::Snapshot::CONTACT.to_h { |name| [name, record[name]] }.merge(Reach.read(record))
          plain[:first_inbox] = first_inbox(record) if first
          labels ? plain.merge(label_list: record[:contact_labels].to_s.split(",")) : plain
        end

        # Those of the columns that are mapped which this Chatwoot has.
        def contact_columns
          @contact_columns ||= (KrayinSync::Snapshot::CONTACT.map(&:to_s) & ::Contact.column_names)
                               .map { |name| "contacts.#{name}" }.join(", ").freeze
        end

        def first_inbox(contact)
          inbox = contact[:krayin_first_inbox]
          inbox.is_a?(String) ? JSON.parse(inbox) : inbox
        end

        def conversation(id, records, labels, sources = [], route = nil)
          mapped = MAPPED.filter_map { |(source, name), sql| [name.to_sym, sql] if sources.include?(source) }.to_h
          record = ::Conversation.unscoped.joins(JOINS)
                                 .select(LinkStore.with("conversation"), CONVERSATION, *here("conversation", route),
                                         *mapped.map { |name, sql| "#{sql} AS #{name}" }).find_by(id: id)
          return unless record

          records.take("conversation", record)
          on_clock(fields(record, KrayinSync::Snapshot::CONVERSATION), record[:inbox_zone]).merge(
            **JOINED.to_h { |name| [name, record[name]] }, **mapped.keys.to_h { |name| [name, record[name]] },
            label_list: record.cached_label_list.to_s.split(",").map(&:strip),
            contact: contact_of(record, records, labels, route)
          )
        end

        def contact_of(conversation, records, labels, route)
          contact = contact(conversation.contact_id, records, labels)
          route_to(route, conversation[:krayin_here], contact)
          contact
        end

        # As a column of its own.
        def here(kind, route) = route && "(#{route.sql(kind)}) AS krayin_here"

        # @param contact [Contact, Hash{Symbol => Object}, nil]
        def route_to(route, here, contact)
          return if route.nil? || here
          return if contact && route.country?(contact[:phone_number], contact[:additional_attributes])

          raise Route::Elsewhere
        end

        def with_messages(conversation)
          newest = ::Message.unscoped.where(conversation_id: conversation[:id], private: false)
                            .order(created_at: :desc, id: :desc).limit(KrayinSync::Snapshot::MESSAGES)
          messages = plain(newest.joins(SENDERS).select("messages.*", SENDER).to_a)
          zone = conversation.delete(:inbox_zone)
          conversation.merge(messages: messages.map { |message| on_clock(message, zone) })
        end

        def message(id, records, labels, route = nil)
          record = ::Message.unscoped.where(id: id).joins(SENDERS).select(LinkStore.with("message"), SENDER).first
          return unless record

          records.take("message", record)
          plain = plain([record]).first
          about = conversation(plain.delete(:conversation_id), records, labels, [], route)
          on_clock(plain, about&.delete(:inbox_zone)).merge(conversation: about)
        end

        # Times by the inbox's clock: the setting time_zone says whether people see it.
        def on_clock(fields, zone)
          zone = ::ActiveSupport::TimeZone[zone.to_s]
          return fields unless zone

          fields.transform_values { |value| value.acts_like?(:time) ? value.in_time_zone(zone) : value }
        end

        def plain(messages)
          attachments = attachments(messages.map(&:id))
          messages.map do |message|
            fields(message, [*KrayinSync::Snapshot::MESSAGE, :conversation_id]).merge(
              sender: message.sender_id && { name: message[:sender_name], type: message.sender_type },
              attachments: attachments.fetch(message.id, [])
            )
          end
        end

        def attachments(message_ids)
          return {} if message_ids.empty?

          records = ::Attachment.unscoped.where(message_id: message_ids).joins(FILES).select(ATTACHMENT).order(:id)
          records.group_by(&:message_id).transform_values do |group|
            group.map { |record| fields(record, KrayinSync::Snapshot::ATTACHMENT + FILE) }
          end
        end

        def fields(record, names) = names.to_h { |name| [name, record.public_send(name)] }
      end
    end
  end
end
