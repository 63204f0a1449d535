# frozen_string_literal: true

module KrayinSync
  class Doctor
    # What a Krayin that works has and lacks.
    # @api private
    class Krayin
      include Opaque

      # What every write of ours fills, or Krayin by itself.
      FILLED = {
        "persons" => %w[name emails contact_numbers],
        "leads" => %w[title lead_value lead_source_id lead_type_id lead_pipeline_id lead_pipeline_stage_id person_id],
        "organizations" => %w[name]
      }.freeze
      # Where a workflow that calls this gem calls ({Chatwoot::WebhookEndpoint}), by whoever it was made.
      OWN = %r{/krayin_sync/webhooks/[^/?#]+\z}
      # Lists that are pages, all on one.
      ALL = { pagination: 0 }.freeze

      # @param found [Hash{String => Object}] as the set-up has it
      def initialize(session, found, settings, words)
        @client = WatchedClient.new(session)
        @found = found["configuration"]
        @warnings = found["warnings"]
        @settings = settings
        @words = words
      end

      # @return [Array<Finding>]
      def findings
        [pipeline, default("source"), default("lead_type", "type"), *wrong_ids, *emails, *required, *yes_no, *workflows]
      end

      private

      def pipeline
        @words.ok("pipeline", "pipeline_found", { pipeline: named("pipeline"), stage: named("stage") })
      end

      def named(key) = "#{@found["default_#{key}_name"]} (#{@found["default_#{key}_id"]})"

      def default(key, name = key)
        return @words.ok(name, "place_found", { place: named(key) }) if @found["default_#{key}_id"]

        @words.warn("#{name}_missing", name)
      end

      def wrong_ids
        unknown = @warnings.map { |warning| Reason.of(warning) }.select { |reason| reason.code == "place_unknown" }
        unknown.map do |reason|
          problem = reason.sentence(@words.locale).delete_suffix(".")
          @words.warn("place_unknown", "settings", { problem: problem, **reason.params.transform_keys(&:to_sym) })
        end
      end

      def emails = @found.dig("traits", "email_required") ? [@words.note("email_required", "server")] : []

      # One that nobody fills: Krayin refuses the record.
      def required
        attributes.select { |row| on?(row["is_required"]) && !filled?(row) }.map do |row|
          name = "#{row["entity_type"]}.#{row["code"]}"
          @words.warn("attribute_required", "server", { attribute: name, mapping: name.sub("s.", ".") })
        end
      end

      def filled?(row)
        entity = row["entity_type"]
        return true unless FILLED.key?(entity)

        mapped = @settings["field_mapping"].to_s.include?("#{entity.delete_suffix("s")}.#{row["code"]}")
        mapped || FILLED[entity].include?(row["code"])
      end

      # Each write that leaves them out sets them to no.
      def yes_no
        named = attributes.select { |row| row["type"] == "boolean" && FILLED.key?(row["entity_type"]) }
        return [] if named.empty?

        names = named.map { |row| "#{row["entity_type"]}.#{row["code"]}" }
        told = ["yes_no_attributes", "server", { attributes: names }]
        return [@words.warn(*told, key: "yes_no_written")] if Settings.choice(@settings, "on_yes_no") == "write_anyway"

        [@words.note(*told)]
      end

      def workflows
        firing = list("settings/workflows").select { |row| fires?(row) }
        firing.reject { |row| calls_us_alone?(row) }.map do |row|
          key = row["entity_type"] == "persons" ? "workflow_fires_persons" : "workflow_fires"
          @words.note("workflow_fires", "server",
                      { workflow: row["id"], entity: row["entity_type"], event: row["event"] }, key: key)
        end
      end

      def fires?(row)
        # What is only taken away is no everyday's write.
        (FILLED.key?(row["entity_type"]) || row["entity_type"] == "activities") &&
          !row["event"].to_s.match?(/\bdelete\b/)
      end

      # It is there to fire on every change, and what it says of our own costs Krayin one look at most.
      def calls_us_alone?(row)
        actions = Array(row["actions"])
        actions.any? && actions.all? do |action|
          action.is_a?(Hash) && action["id"] == "trigger_webhook" && own_webhooks.include?(action["value"].to_i)
        end
      end

      def own_webhooks
        @own_webhooks ||= list("settings/webhooks").select { |row| OWN.match?(row["end_point"].to_s) }
                                                   .map { |row| row["id"].to_i }
      end

      def attributes = @attributes ||= list("settings/attributes")

      # The document's dialect has none of these.
      def list(path)
        return [] unless @found["api_dialect"] == "rest_api"

        rows = @client.get(path, ALL)
        rows = rows["data"] if rows.is_a?(Hash)
        rows.to_a.grep(Hash)
      rescue ApiError
        []
      end

      def on?(value) = [true, 1, "1"].include?(value)

      # A client of a session that is there.
      class WatchedClient < Api::BaseClient
        def initialize(session) # rubocop:disable Lint/MissingSuper
          @session = session
        end
      end
      private_constant :WatchedClient
    end
    private_constant :Krayin
  end
end
