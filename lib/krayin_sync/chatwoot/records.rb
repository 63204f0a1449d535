# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Keeps ids beside the records that they belong to, each in one statement that touches nothing else of the row and
    # runs no callbacks: no update is lost between two jobs, and nothing that is written here is an event.
    #
    # - contact: `additional_attributes.external.krayin`
    # - conversation: `additional_attributes.krayin`, and the activity's id as `krayin_activity_id`
    # - message: `additional_attributes.krayin`
    #
    # What is kept is one text: a merge of two contacts takes the one or the other whole, and never mixes them.
    class Records
      OBJECT = "CASE WHEN jsonb_typeof(%<value>s) = 'object' THEN %<value>s ELSE '{}'::jsonb END"
      ATTRIBUTES = format(OBJECT, value: "additional_attributes")
      EXTERNAL = format(OBJECT, value: "additional_attributes -> 'external'")

      STORE = {
        "contact" => "additional_attributes = jsonb_set(#{ATTRIBUTES} || " \
                     "jsonb_build_object('external', #{EXTERNAL}), '{external,krayin}', :kept::jsonb)",
        "conversation" => "additional_attributes = #{ATTRIBUTES} || " \
                          "jsonb_build_object('krayin', :kept::jsonb) || :activity::jsonb",
        "message" => "additional_attributes = #{ATTRIBUTES} || jsonb_build_object('krayin', :kept::jsonb)"
      }.freeze
      PATH = {
        "contact" => %w[external krayin], "conversation" => %w[krayin], "message" => %w[krayin]
      }.freeze

      # @return [String] SQL for what is kept, as jsonb
      def self.sql(kind, table = "#{kind}s")
        "#{table}.additional_attributes #> '{#{PATH.fetch(kind).join(",")}}'"
      end

      # @param began [Time] when the record was read: what changes later is not yet in Krayin
      def initialize(began: Time.now)
        @at = began.getutc.strftime("%Y-%m-%dT%H:%M:%S.%6N")
      end

      # @return [String, nil] JSON
      def load(kind, id)
        record(kind, id).pick(Arel.sql("(#{self.class.sql(kind)}) ->> 'kept'"))
      end

      # @return [void]
      def store(kind, id, json)
        ids = JSON.parse(json)["ids"].to_s
        activity = ExternalId.extract(ids, "activity")
        values = { kept: JSON.generate("ids" => ids, "kept" => json, "at" => @at),
                   activity: JSON.generate(activity ? { "krayin_activity_id" => activity } : {}) }
        record(kind, id).update_all([STORE.fetch(kind), values])
        store_in_source_id(id, ids) if kind == "contact" && !ids.empty?
      end

      # Krayin shows the record as it was when it was read.
      def seen(kind, id)
        path = [*PATH.fetch(kind), "at"].join(",")
        record(kind, id).where("#{self.class.sql(kind)} IS NOT NULL")
                        .update_all(["additional_attributes = jsonb_set(additional_attributes, '{#{path}}', ?::jsonb)",
                                     JSON.generate(@at)])
      end

      def inspect = "#<#{self.class.name}>"

      private

      def record(kind, id)
        { "contact" => ::Contact, "conversation" => ::Conversation, "message" => ::Message }
          .fetch(kind).unscoped.where(id: id)
      end

      # Everywhere else that column is the address at which a channel reaches the contact. Of a programmed channel's
      # rows only those are ours that hold ids already: the others hold the address that its client was given.
      def store_in_source_id(contact_id, ids)
        rows = ::ContactInbox.unscoped.where(contact_id: contact_id).where("source_id LIKE 'krayin:%'")
                             .where(inbox_id: ::Inbox.unscoped.where(channel_type: "Channel::Api").select(:id))
                             .where.not(source_id: ids)
        return unless rows.exists?

        ::ContactInbox.transaction(requires_new: true) { rows.update_all(source_id: ids) }
      rescue ::ActiveRecord::RecordNotUnique
        # Another contact of that inbox has the same person and lead; the ids are kept with the contact all the same.
        nil
      end
    end
  end
end
