# frozen_string_literal: true

require_relative "json_safe"

module KrayinSync
  # The records of an event as plain data, read once. Takes Chatwoot's records, objects that quack like them, and
  # hashes with string or symbol keys. Below it nothing knows ActiveRecord.
  module Snapshot
    CONTACT = %i[
      id account_id name middle_name last_name email phone_number identifier additional_attributes custom_attributes
    ].freeze

    CONVERSATION = %i[
      id display_id account_id inbox_id status priority custom_attributes additional_attributes created_at
      last_activity_at first_reply_created_at
    ].freeze

    MESSAGE = %i[
      id message_type private content content_type content_attributes additional_attributes created_at
    ].freeze

    ATTACHMENT = %i[file_type fallback_title external_url coordinates_lat coordinates_long meta].freeze

    # Channels over which nobody outside writes a contact's custom attributes or identifier. A website's visitor does,
    # and whoever writes through a programmed channel.
    CLOSED = %w[
      Email FacebookPage Instagram Line Sms Telegram Tiktok TwilioSms TwitterProfile Whatsapp
    ].map { |name| "Channel::#{name}" }.freeze

    # The mapper shows the five latest that are public; among so many it finds them.
    MESSAGES = 50

    class << self
      # @return [String] JSON of an event's data
      def event(data)
        data = data.to_h.transform_keys { |key| key.respond_to?(:to_sym) ? key.to_sym : key }
        plain = {}
        plain[:contact] = contact(data[:contact]) if data[:contact]
        plain[:merged] = contact(data[:merged]) if data[:merged]
        plain[:conversation] = conversation(data[:conversation]) if data[:conversation]
        plain[:message] = message_of_event(data[:message]) if data[:message]
        JSON.generate(plain)
      end

      # @return [String] JSON of a contact
      def contact_json(record) = JSON.generate(contact(record))

      # @return [String] JSON of a conversation with its contact and its latest messages
      def conversation_json(record) = JSON.generate(conversation(record))

      # @return [String] JSON of a message with its conversation
      def message_json(record) = JSON.generate(message_of_event(record))

      # @return [String] JSON of a hash of settings or of a record's fields
      def json(hash) = JSON.generate(JsonSafe.of(hash))

      # The field of a record or hash, nil where it has none.
      def read(record, field)
        if record.is_a?(Hash)
          record.fetch(field) { record[field.to_s] }
        elsif record.respond_to?(field)
          record.public_send(field)
        end
      end

      private

      def fields(record, names) = names.to_h { |name| [name, JsonSafe.of(read(record, name))] }

      # A contact's labels are a query of their own: a hash has them where they matter.
      def contact(record)
        labels = read(record, :label_list) || read(record, :labels) if record.is_a?(Hash)
        plain = fields(record, CONTACT).merge(contact_inboxes: contact_inboxes(record),
                                              has_conversation: conversation?(record),
                                              is_written_by_colleagues: written_by_colleagues?(record),
                                              **first_inbox(record))
        labels ? plain.merge(labels: JsonSafe.of(labels), **colors(record)) : plain
      end

      def first_inbox(record)
        { first_inbox: record.is_a?(Hash) ? JsonSafe.of(read(record, :first_inbox)) : nil }.compact
      end

      # Of labels, where they are asked for.
      def colors(record)
        { label_colors: record.is_a?(Hash) ? JsonSafe.of(read(record, :label_colors)) : nil }.compact
      end

      # Whether no inbox of the contact's lets a visitor write its attributes; not where that is not told.
      def written_by_colleagues?(record)
        inboxes = record.is_a?(Hash) ? nil : read(record, :contact_inboxes)
        return read(record, :is_written_by_colleagues) == true unless inboxes

        contact_inboxes(record).all? { |inbox| CLOSED.include?(inbox[:channel_type]) }
      end

      def contact_inboxes(record)
        inboxes = read(record, :contact_inboxes)
        inboxes = inboxes.includes(:inbox) if inboxes.respond_to?(:includes)
        list(inboxes).map do |row|
          { channel_type: read(row, :channel_type) || read(read(row, :inbox), :channel_type),
            source_id: read(row, :source_id) }
        end
      end

      def source_id(record) = read(record, :source_id) || read(read(record, :contact_inbox), :source_id)

      def conversation?(record)
        conversations = read(record, :conversations)
        return conversations.exists? if conversations.respond_to?(:exists?)

        read(record, :has_conversation) || list(conversations).any?
      end

      def conversation(record, messages: true)
        inbox = read(record, :inbox)
        plain = fields(record, CONVERSATION).merge(
          **channel(record, inbox),
          inbox_name: read(record, :inbox_name) || read(inbox, :name),
          assignee_name: read(record, :assignee_name) || read(read(record, :assignee), :name),
          assignee_email: read(record, :assignee_email) || read(read(record, :assignee), :email),
          **told(record),
          team_name: read(record, :team_name) || read(read(record, :team), :name),
          labels: read(record, :label_list) || read(record, :labels),
          **colors(record),
          source_id: source_id(record),
          url: url(record)
        )
        plain[:contact] = contact(read(record, :contact)) if read(record, :contact)
        plain[:messages] = latest_messages(record) if messages
        JsonSafe.of(plain)
      end

      # What is asked for where the settings map it.
      def told(record)
        names = %i[resolution_seconds campaign_title csat_rating csat_feedback]
        names.to_h { |name| [name, read(record, name)] }.compact
      end

      def channel(record, inbox)
        kind = read(record, :channel_type) || read(inbox, :channel_type)
        medium = read(record, :channel_medium)
        email = read(record, :inbox_email)
        own = read(inbox, :channel) unless medium && email
        { channel_type: kind, channel_medium: medium || read(own, :medium), inbox_email: email || read(own, :email) }
      end

      def message_of_event(record)
        about = read(record, :conversation)
        plain = message(record)
        plain[:conversation] = conversation(about, messages: false) if about
        plain
      end

      def message(record)
        sender = read(record, :sender)
        JsonSafe.of(fields(record, MESSAGE).merge(
                      sender: sender && { name: read(sender, :name), type: read(sender, :type) || class_name(sender) },
                      attachments: list(read(record, :attachments)).map { |attachment| attachment(attachment) }
                    ))
      end

      # Chatwoot orders messages by their age and has thousands of them; a hash or plain list has what it has.
      def latest_messages(record)
        messages = read(record, :messages)
        if messages.respond_to?(:reorder)
          messages = messages.where(private: false).reorder(created_at: :desc, id: :desc).limit(MESSAGES)
        end
        list(messages).last(MESSAGES).map { |message| message(message) }
      end

      def attachment(record)
        file = read(record, :file)
        file = nil if file.respond_to?(:attached?) && !file.attached?
        fields(record, ATTACHMENT).merge(
          file_name: read(record, :file_name) || (file && read(file, :filename)&.to_s),
          content_type: read(record, :content_type) || (file && read(file, :content_type)),
          byte_size: read(record, :byte_size) || (file && read(file, :byte_size))
        )
      end

      # A range may have no end.
      def list(value) = value.respond_to?(:to_a) && !value.is_a?(Range) ? value.to_a : []

      def class_name(record) = record.is_a?(Hash) ? nil : record.class.name

      # The conversation's page, where the installation says at which address it is.
      def url(record)
        given = read(record, :url)
        return given if given

        base = ENV.fetch("FRONTEND_URL", nil).to_s.chomp("/")
        account = read(record, :account_id)
        number = read(record, :display_id)
        "#{base}/app/accounts/#{account}/conversations/#{number}" if account && number && base.start_with?("http")
      end
    end
  end
end
