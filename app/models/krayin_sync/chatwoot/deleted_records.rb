# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Which records are in Chatwoot no more of those that a Krayin has something of: contacts, conversations and
    # messages, by their links, a batch of these a statement. Of Chatwoot's tables it asks for primary keys.
    #
    # A contact that was merged is there as another one, where that one is. Of what was said it has to be known whose it
    # was; where that contact is gone as well, what becomes of it is the contact's.
    class DeletedRecords
      KINDS = %w[contact conversation message].freeze
      # Links that one statement goes through.
      BATCH = 1000
      # Seconds for which what was just written is left to its own events.
      FRESH = 60
      # Bytes of what is noted about a message above which it is not read: a mail's whole text lies there, elsewhere on
      # the disk. Of a message that was deleted Chatwoot leaves hardly more than the mark.
      NOTED = 2000

      # - last: the link where to go on; nothing where there are no more
      # - held: how many links say that Krayin has something
      # - ids: the records of those that are gone
      Batch = Struct.new(:last, :held, :ids, keyword_init: true)

      # Of which Krayin has something that is to go with it. What nobody has seen to be the record's is not touched.
      CONTACT = <<~SQL.squish
        person_id IS NOT NULL AND reason_code IS DISTINCT FROM 'contact_kept'
        AND NOT COALESCE(reason_code = 'merged_apart' AND reason_params ->> 'other' = person_id::text, FALSE)
      SQL
      SAID = "(activity_id IS NOT NULL OR in_flight) AND rest ->> 'removed' IS DISTINCT FROM 'deleted'"
      # Whose it was is there; or was erased, and this was not. Where that was a moment ago, it is on its way.
      OWNED = <<~SQL.squish
        (contacts.id IS NOT NULL OR CASE WHEN :erase AND contacts.id IS NULL THEN EXISTS (
          SELECT 1 FROM krayin_sync_links whose WHERE whose.instance = :instance AND whose.kind = 'contact'
          AND whose.record_id = %<whose>s AND whose.person_id IS NULL AND whose.reason_code = 'deleted_in_chatwoot'
          AND whose.updated_at < :before
        ) ELSE FALSE END)
      SQL
      # Mostly it is a text in which there is JSON.
      MAYBE_MARKED = <<~SQL.squish
        CASE WHEN pg_column_size(messages.content_attributes) < #{NOTED}
          THEN position('deleted' IN messages.content_attributes::text) > 0 ELSE FALSE END
      SQL
      # A row by its primary key, one after the other: left to choose, PostgreSQL reads all of a table of some hundred
      # thousand narrow rows with each batch.
      ROW = "LEFT JOIN LATERAL (SELECT %<columns>s FROM %<table>s WHERE id = %<id>s OFFSET 0) %<table>s ON TRUE"
      COLUMNS = { "contacts" => "id", "conversations" => "id, contact_id",
                  "messages" => "id, conversation_id, content_attributes" }.freeze
      joins = ->(ids) { ids.map { |table, id| format(ROW, table: table, columns: COLUMNS[table], id: id) }.join(" ") }
      whose = "COALESCE(conversations.contact_id, page.contact_id)"
      private_constant :CONTACT, :SAID, :OWNED, :MAYBE_MARKED, :ROW, :COLUMNS

      # By kind: which links are held against Chatwoot, with what, and what says that a record is gone, or may be.
      TERMS = {
        "contact" => { held: CONTACT, joins: joins["contacts" => "page.record_id"],
                       gone: "contacts.id IS NULL AND NOT page.merged", maybe: "contacts.id IS NULL AND page.merged" },
        "conversation" => {
          held: SAID, maybe: "FALSE",
          joins: joins["conversations" => "page.record_id", "contacts" => "page.parent_id"],
          gone: "conversations.id IS NULL AND #{format(OWNED, whose: "page.parent_id")}"
        },
        "message" => {
          held: SAID,
          joins: joins["messages" => "page.record_id",
                       "conversations" => "COALESCE(messages.conversation_id, page.parent_id)", "contacts" => whose],
          gone: "(messages.id IS NULL OR conversations.id IS NULL) AND page.parent_id IS NOT NULL AND " \
                "#{format(OWNED, whose: whose)}",
          maybe: "conversations.id IS NOT NULL AND contacts.id IS NOT NULL AND #{MAYBE_MARKED}"
        }
      }.freeze
      STATEMENT = <<~SQL.squish
        SELECT max(page.id) AS last, count(*) FILTER (WHERE page.held) AS held,
          string_agg(page.record_id::text, ',' ORDER BY page.id) FILTER (WHERE page.held AND %<gone>s) AS gone,
          string_agg(page.record_id::text, ',' ORDER BY page.id) FILTER (WHERE page.held AND %<maybe>s) AS maybe
        FROM (
          SELECT id, record_id, parent_id, merged IS NOT NULL AS merged, (rest ->> 'contact')::bigint AS contact_id,
            (NOT unverified AND updated_at < :before AND %<held>s) AS held
          FROM krayin_sync_links WHERE instance = :instance AND kind = :kind AND id > :after ORDER BY id LIMIT :batch
        ) page %<joins>s
      SQL
      private_constant :TERMS, :STATEMENT

      # @param instance [String] which Krayin's links
      # @param kind [String] one of {KINDS}
      def initialize(instance, kind)
        @instance = instance
        @kind = kind
      end

      # @param link [Integer] the last that was gone through
      # @return [Batch]
      def after(link)
        row = row(link)
        maybe = ids(row["maybe"])
        gone = ids(row["gone"]) | (@kind == "contact" ? nobodys(maybe) : marked(maybe))
        Batch.new(last: row["last"], held: row["held"], ids: gone)
      end

      private

      def row(link)
        base = ::ActiveRecord::Base
        values = { instance: @instance, kind: @kind, after: link, batch: BATCH, before: Time.now.utc - FRESH,
                   erase: Aftermath.decided?("erase") }
        statement = base.sanitize_sql_array([format(STATEMENT, TERMS.fetch(@kind)), values])
        base.connection.select_all(statement, "KrayinSync deleted records").to_a.first
      end

      def ids(text) = text.to_s.split(",").map(&:to_i)

      # Whom they were merged into is gone as well.
      def nobodys(ids) = ids.reject { |id| Merge.kept(id) }

      def marked(ids)
        return [] if ids.empty?

        messages = ::Message.unscoped.where(id: ids).select(:id, :content_attributes).to_a
        messages.select { |message| MessageNotes.deleted?(message) }.map(&:id)
      end
    end
  end
end
