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
      APART = %w[ids server state reason revision others].freeze
      ID_COLUMNS = IDS.to_h { |type| [type, "#{type}_id"] }.freeze
      private_constant :IDS, :ID_COLUMNS, :COLUMNS, :APART

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

        # @param row [Hash{String => Object}] columns, as Ruby's own objects
        # @return [Hash{String => Object}] what the core keeps
        def stored_of(row)
          stored = row["rest"].to_h.dup
          COLUMNS.each { |key, column| stored[key] = row[column] }
          stored["server"] = row["instance"]
          stored["revision"] = row["revision"]
          stored.merge!(standing(row)) if row["attempts"].zero?
          stored.delete_if { |_, value| blank?(value) }
          stored["ids"] = ids_of(row)
          stored
        end

        # @return [String] as +krayin:person:1|krayin:lead:2+
        def ids_of(row)
          ids = {}
          ID_COLUMNS.each { |type, column| (id = row[column]) && ids[type] = id }
          # What a column of numbers holds need not be looked at.
          row["other_ids"].to_s.empty? ? Native.external_id_build(ids) : ExternalId.merge(row["other_ids"], ids)
        end

        private

        # What needs no word in the JSON.
        def blank?(value) = !value || value == 0 || (value.respond_to?(:empty?) && value.empty?) # rubocop:disable Style/NumericPredicate

        # How a try of now ended is not for the next one to know.
        def standing(row)
          reason = { "code" => row["reason_code"], "params" => row["reason_params"] } if row["reason_code"]
          state = row["state"] unless row["state"] == usual_state(row["in_flight"])
          { "state" => state, "reason" => reason }
        end

        def usual_state(in_flight) = in_flight ? "waiting" : "synced"
      end

      # @return [String] as +krayin:person:1|krayin:lead:2+
      def ids = self.class.ids_of(attributes)
    end
  end
end
