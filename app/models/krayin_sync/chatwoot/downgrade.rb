# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # The way back: writes what krayin_sync_links has of each record where version 0.1 looks for it, beside the record.
    # The links stay; an upgrade after it begins anew.
    #
    # What was last sent is left out, since digests have a key by now that version 0.1 does not know: of what it finds
    # in Krayin it then takes for a colleague's what differs.
    class Downgrade
      BATCH = 500
      # Of several Krayins that have a record the one that was written last; the address is what 0.1 calls the server.
      PAGE = <<~SQL.squish
        SELECT DISTINCT ON (record_id) record_id, address, fired_rules, in_flight, seen_at, updated_at, other_ids,
          person_id, lead_id, organization_id, activity_id
        FROM krayin_sync_links
        WHERE kind = :kind AND record_id > :cursor AND address <> ''
          AND (in_flight OR coalesce(person_id, lead_id, organization_id, activity_id) IS NOT NULL)
        ORDER BY record_id, updated_at DESC, id DESC LIMIT :batch
      SQL
      OBJECT = "CASE WHEN jsonb_typeof(%<value>s) = 'object' THEN %<value>s ELSE '{}'::jsonb END"
      ATTRIBUTES = format(OBJECT, value: "additional_attributes")
      EXTERNAL = format(OBJECT, value: "additional_attributes -> 'external'")
      WRITTEN = {
        "contact" => "#{ATTRIBUTES} || jsonb_build_object('external', " \
                     "#{EXTERNAL} || jsonb_build_object('krayin', given.kept))",
        "conversation" => "#{ATTRIBUTES} || jsonb_build_object('krayin', given.kept)",
        "message" => "#{ATTRIBUTES} || jsonb_build_object('krayin', given.kept)"
      }.freeze
      private_constant :PAGE, :OBJECT, :ATTRIBUTES, :EXTERNAL, :WRITTEN

      def initialize(batch: BATCH)
        @batch = batch
      end

      # @return [Hash{String => Integer}] how many records have what is kept beside them by now, by kind
      def run
        written = Upgrade::KINDS.to_h { |kind| [kind.name, pages(kind)] }
        # What was moved once is to be moved again by a later upgrade.
        link.where(instance: Upgrade::INSTANCE).delete_all
        written
      end

      private

      def link = KrayinSync::Records::Link

      def pages(kind)
        cursor = 0
        written = 0
        while (rows = page(kind, cursor)).any?
          written += write(kind, rows)
          cursor = rows.last.record_id
        end
        written
      end

      def page(kind, cursor)
        link.find_by_sql([PAGE, { kind: kind.name, cursor: cursor, batch: @batch }])
      end

      def write(kind, rows)
        given = JSON.generate(rows.map { |row| { id: row.record_id, kept: kept(row) } })
        sql = "UPDATE #{kind.table} SET additional_attributes = #{WRITTEN.fetch(kind.name)} " \
              "FROM jsonb_to_recordset(?::jsonb) AS given(id bigint, kept jsonb) WHERE #{kind.table}.id = given.id"
        link.connection.exec_update(link.sanitize_sql_array([sql, given]), "KrayinSync downgrade")
      end

      def kept(row)
        stored = { "ids" => row.ids, "server" => row.address }
        stored["pending"] = true if row.in_flight
        rules = Upgrade::RULES & row.fired_rules
        stored["stages"] = rules if rules.any?
        { "ids" => row.ids, "kept" => JSON.generate(stored),
          "at" => (row.seen_at || row.updated_at).getutc.strftime("%Y-%m-%dT%H:%M:%S.%6N") }
      end
    end
  end
end
