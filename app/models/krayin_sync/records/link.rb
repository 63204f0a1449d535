# frozen_string_literal: true

module KrayinSync
  module Records
    # A row of krayin_sync_links: a record of Chatwoot and what one Krayin has of it.
    #
    # It is written by {ActiveRecord} alone and holds all that the core keeps of the record, so that nothing of it
    # stands where a visitor, an agent or another integration writes.
    class Link < ::ActiveRecord::Base
      self.table_name = "krayin_sync_links"

      # The types of ids that have a column each.
      IDS = %w[person lead organization activity].freeze
      # What else of the core's JSON has one: by its key there.
      COLUMNS = {
        "address" => "address", "unverified" => "unverified", "sent" => "sent", "pending" => "in_flight",
        "stages" => "fired_rules", "parent" => "parent_id"
      }.freeze
      # What neither has, nor is told by another.
      APART = %w[ids server state reason revision tried kept_out others].freeze
      # How a record stands where nothing else is said.
      USUAL = "CASE WHEN in_flight THEN 'waiting' ELSE 'synced' END"
      # SQL for what the core keeps of a row, as its JSON: the inverse of {columns_of}. How a try of now ended is not
      # for the next one to know; that there was one, and why it failed, is `tried`.
      STORED = <<~SQL.squish.freeze
        rest || jsonb_strip_nulls(jsonb_build_object(
          'ids', concat_ws('|', #{IDS.map { |type| "'krayin:#{type}:' || #{type}_id" }.join(", ")}, NULLIF(other_ids, '')),
          'server', instance, 'revision', revision, 'address', NULLIF(address, ''),
          'sent', NULLIF(sent, '{}'), 'stages', NULLIF(fired_rules, '[]'), 'parent', parent_id,
          'unverified', NULLIF(unverified, false), 'pending', NULLIF(in_flight, false),
          'kept_out', NULLIF(kept_out, false),
          'state', CASE WHEN attempts = 0 THEN NULLIF(state, #{USUAL}) END,
          'tried', CASE WHEN attempts > 0 THEN COALESCE(reason_code, '') END
        )) || CASE WHEN attempts > 0 OR reason_code IS NULL THEN '{}'
          ELSE jsonb_build_object('reason', jsonb_build_object('code', reason_code, 'params', reason_params)) END
      SQL
      # Of all Krayins that have the record: what was written last, and the others.
      KEPT = <<~SQL.squish.freeze
        SELECT (CASE WHEN kept - 0 = '[]' THEN kept -> 0 ELSE (kept -> 0) || jsonb_build_object('others', kept - 0) END)::text
        FROM (SELECT jsonb_agg(#{STORED} ORDER BY updated_at DESC, id DESC) AS kept FROM krayin_sync_links
              WHERE kind = %<kind>s AND record_id = %<record>s) AS links
      SQL
      private_constant :IDS, :COLUMNS, :APART, :USUAL, :STORED, :KEPT

      class << self
        # @param stored [Hash{String => Object}] what the core keeps
        # @return [Hash{String => Object}] the columns of its row, but for kind, record and times
        def columns_of(stored)
          ids = ExternalId.parse(stored["ids"])
          # A larger one than a column takes is no record's, but must not keep the others from being stored.
          fitting = ids.slice(*IDS).select { |_, id| id <= Arguments::LARGEST_ID }
          {
            "instance" => stored["server"].to_s, "address" => stored["address"].to_s,
            **IDS.to_h { |type| ["#{type}_id", fitting[type]] },
            "other_ids" => ExternalId.build(ids.except(*IDS)),
            "unverified" => stored["unverified"] == true, "sent" => stored["sent"].to_h,
            "in_flight" => stored["pending"] == true, "fired_rules" => stored["stages"].to_a,
            "parent_id" => stored["parent"],
            "state" => stored["state"] || usual_state(stored["pending"]),
            "reason_code" => stored.dig("reason", "code"), "reason_params" => stored.dig("reason", "params").to_h,
            "rest" => stored.except(*COLUMNS.keys, *APART)
          }
        end

        # @param kind [String] SQL for it
        # @param record [String, Integer] SQL for its id
        # @return [String] SQL for what the core keeps of it, as a text
        def kept(kind, record) = format(KEPT, kind: kind, record: record)

        # Locks the row until the transaction's end.
        # @return [Hash{String => Object}] what the core keeps
        # @raise [ActiveRecord::RecordNotFound]
        def locked(**key) = JSON.parse(lock.select("(#{STORED})::text AS stored").find_by!(key).stored)

        private

        def usual_state(in_flight) = in_flight ? "waiting" : "synced"
      end

      # @return [String] as +krayin:person:1|krayin:lead:2+
      def ids = ExternalId.merge(other_ids, IDS.to_h { |type| [type, self["#{type}_id"]] }.compact)
    end
  end
end
