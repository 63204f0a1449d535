# frozen_string_literal: true

module KrayinSync
  class Doctor
    # What a Krayin that works has and lacks.
    # @api private
    class Krayin
      # What every write of ours fills, or Krayin by itself.
      FILLED = {
        "persons" => %w[name emails contact_numbers],
        "leads" => %w[title lead_value lead_source_id lead_type_id lead_pipeline_id lead_pipeline_stage_id person_id],
        "organizations" => %w[name]
      }.freeze
      # Lists that are pages, all on one.
      ALL = { pagination: 0 }.freeze

      # @param found [Hash{String => Object}] as the set-up has it
      def initialize(session, found, settings)
        @client = WatchedClient.new(session)
        @found = found["configuration"]
        @warnings = found["warnings"]
        @settings = settings
      end

      # @return [Array<Finding>]
      def findings
        [pipeline, default("source"), default("lead_type", "type"), *wrong_ids, *emails, *required, *yes_no, *workflows]
      end

      private

      def pipeline
        Finding.ok("pipeline", "#{named("pipeline")}, new leads begin at #{named("stage")}")
      end

      def named(key) = "#{@found["default_#{key}_name"]} (#{@found["default_#{key}_id"]})"

      def default(key, name = key)
        return Finding.ok(name, named(key)) if @found["default_#{key}_id"]

        Finding.new("warn", "#{name}_missing", name, "Krayin has none; leads are created without",
                    "Create one: in Krayin under Settings, #{name == "type" ? "Types" : "Sources"}.")
      end

      def wrong_ids
        unknown = @warnings.map { |warning| Reason.of(warning) }.select { |reason| reason.code == "place_unknown" }
        unknown.map do |reason|
          Finding.new("warn", "place_unknown", "settings", reason.sentence("en"), "Correct the setting.", reason.params)
        end
      end

      def emails
        return [] unless @found.dig("traits", "email_required")

        [Finding.note("email_required", "server",
                      "persons need an e-mail address; those without get a placeholder")]
      end

      # One that nobody fills: Krayin refuses the record.
      def required
        attributes.select { |row| on?(row["is_required"]) && !filled?(row) }.map do |row|
          name = "#{row["entity_type"]}.#{row["code"]}"
          Finding.new("warn", "attribute_required", "server",
                      "the attribute #{name} is required and nothing fills it: Krayin refuses the record",
                      "Make it optional in Krayin, or map it: field_mapping #{name.sub("s.", ".")} = …",
                      { "attribute" => name })
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
        choice = @settings["on_yes_no"].to_s.empty? ? "carry" : @settings["on_yes_no"]
        severity = choice == "write_anyway" ? "warn" : "note"
        [Finding.new(severity, "yes_no_attributes", "server",
                     "a write sets yes/no attributes to no where they cannot be sent along (#{names.join(", ")}): " \
                     "choose by on_yes_no",
                     choice == "write_anyway" ? "Set on_yes_no to carry." : nil, { "attributes" => names })]
      end

      def workflows
        list("settings/workflows").filter_map do |row|
          next unless FILLED.key?(row["entity_type"]) || row["entity_type"] == "activities"

          more = row["entity_type"] == "persons" ? ": a new contact takes one request more" : ""
          Finding.note("workflow_fires", "server",
                       "a workflow fires on what the sync writes (#{row["entity_type"]}, #{row["event"]})#{more}",
                       "workflow" => row["id"], "entity" => row["entity_type"], "event" => row["event"])
        end
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
