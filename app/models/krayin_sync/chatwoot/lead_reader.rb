# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Leads as a Krayin answers them, read from the budget that all calls share, behind those that cannot wait. Nothing
    # is believed that an answer does not bear out: some servers know no filter.
    class LeadReader
      include Opaque

      # More leads than a person has.
      MOST = 1000
      # Records of an answer: mostly, and where these do not reach far enough.
      FEW = 50
      MANY = 500
      LEADS = "leads"

      # @return [Integer] how many were sent
      attr_reader :requests

      # @param settings [Hash{String => Object}] a hook's
      # @yield after each attempt
      # @param bulk [Boolean] whether it has time
      def initialize(settings, bulk: true, &alive)
        @settings = settings
        @requests = 0
        count = lambda do |*|
          @requests += 1
          alive&.call
        end
        @session = Session.new(Chatwoot.limits.merge(settings), bulk: bulk, on_attempt: count)
      end

      # @return [Array(Array<Hash>, Integer)] those touched last, in one answer; how many there are, where that is told
      def newest(limit, path = LEADS)
        leads, total = list({ "sort" => "updated_at", "order" => "desc", "limit" => limit }, path)
        [leads.sort_by { |lead| [lead["updated_at"].to_s, lead["id"]] }.reverse, total]
      end

      # What was touched since the look before.
      # @param state [Hash{String => Object}, nil] what that one has left
      # @yieldparam record [Hash{String => Object}]
      # @yieldreturn [String] a digest of what there is to see of it
      # @return [Array(Array<Hash>, LeadCursor::Seen)] the records of the answer, and what it tells of them
      def touched(state, path = LEADS, &)
        cursor = LeadCursor.new(state.to_h)
        records, seen = look(cursor, FEW, path, &)
        seen.reaches ? [records, seen] : look(cursor, MANY, path, &)
      end

      # @param persons [Array<Integer>]
      # @return [Array(Array<Hash>, Boolean)] their leads, and whether these are all
      def of_persons(persons)
        leads, = list({ "person_id" => persons.join(","), "limit" => MOST })
        [leads.select { |lead| persons.include?(LeadAttributes.person_id(lead)) }, leads.size < MOST]
      end

      # @return [Hash, nil] nothing where it is gone
      def lead(id) = list({ "id" => id, "limit" => 1 }).first.find { |lead| lead["id"] == id }

      # @return [Array<Hash>] what was noted of a lead, by people and by Krayin itself
      def timeline(id) = rows(ask("leads/#{id}/activities"))

      # @param ids [Array<Integer>]
      # @return [Integer] how many of them there are
      def count(ids)
        leads, total = list({ "id" => ids.join(","), "limit" => 1 })
        # Who knows no filter says nothing of them.
        leads.empty? || ids.include?(leads.first["id"]) ? total || ids.size : ids.size
      end

      # @param reason [String, nil] why it is lost
      # @return [Hash] the lead after it
      def move(id, stage, reason: nil)
        body = { "lead_pipeline_stage_id" => stage, "lost_reason" => reason }.compact
        answer = @session.call(:request, "PUT", "leads/stage/edit/#{id}", "[]", JSON.generate(body))
        moved = answer.is_a?(Hash) ? answer["data"] : nil
        moved.is_a?(Hash) && moved["id"] == id && moved["lead_pipeline_stage_id"] == stage ? moved : lead(id)
      end

      # Writes a lead's own fields; what Krayin would take away by that goes along as it is.
      # @param lead [Hash] as it is now
      # @param fields [Hash{String => Object}]
      # @return [Hash, nil] the lead after it; nothing where it was not written, since that would take something away
      def write(lead, fields)
        kept = kept_with(lead, fields)
        return unless kept

        @session.call(:request, "PUT", "leads/attributes/edit/#{lead["id"]}", "[]", JSON.generate(kept.merge(fields)))
        # The answer to it shows amount and day as they were sent.
        lead(lead["id"])
      end

      # @return [Array<Hash>] whom a lead can be given to
      def users
        rows(ask("settings/users", "pagination" => 0)).reject { |user| user["status"].eql?(0) }
      end

      private

      def look(cursor, limit, path)
        records, total = newest(limit, path)
        rows = records.map { |record| [record["id"], record["updated_at"].to_s, yield(record)] }
        [records, cursor.look(rows, full: records.size >= limit, total: total)]
      end

      # A closing date that is not sent is cleared, and a yes/no attribute becomes no.
      def kept_with(lead, fields)
        kept = flags(lead, "leads", LEADS)
        return kept if kept.nil? || fields.key?("expected_close_date")
        return unless LeadAttributes.closing_day?(lead, @settings)

        kept.merge({ "expected_close_date" => LeadAttributes.closing_day(lead, @settings) }.compact)
      end

      # @param entity [String] whose attributes they are
      # @param path [String]
      # @return [Hash{String => Integer}, nil] nothing where they cannot be known, or the settings say so
      def flags(record, entity, path)
        codes = yes_no(entity)
        choice = Settings.choice(@settings, "on_yes_no")
        return {} if codes.empty? || choice == "write_anyway"
        return if choice == "leave_out"
        return codes.to_h { |code| [code, yes?(record[code]) ? 1 : 0] } if codes.all? { |code| record.key?(code) }
        return {} unless any_yes?(record["id"], path)

        { codes.first => 1 } if codes.one?
      end

      # Codes of an entity's yes/no attributes.
      def yes_no(entity)
        known = @settings.dig("traits", "attributes").to_a
        known.select { |row| row["type"] == "boolean" && row["entity_type"] == entity }.map { |row| row["code"] }
      end

      def yes?(value) = [true, 1, "1", "true"].include?(value)

      # Krayin does not answer with them, but searches by them.
      def any_yes?(id, path)
        query = { "search" => "id:#{id};attribute_values.boolean_value:1", "searchJoin" => "and",
                  "searchFields" => "id:=;attribute_values.boolean_value:=" }
        rows(ask("#{path}/search", query)).any? { |one| one["id"] == id }
      end

      def list(query, path = LEADS)
        answer = ask(path, query)
        total = answer["meta"]["total"] if answer["meta"].is_a?(Hash)
        [rows(answer), (total if total.is_a?(Integer))]
      end

      # @return [Hash{String => Object}] with nothing where the answer is none of Krayin's
      def ask(path, query = {})
        answer = @session.call(:request, "GET", path, JSON.generate(Arguments.params(query)), nil)
        answer.is_a?(Hash) ? answer : {}
      end

      # @return [Array<Hash>] those that are records
      def rows(answer) = Array(answer["data"]).select { |row| row.is_a?(Hash) && row["id"].is_a?(Integer) }
    end
  end
end
