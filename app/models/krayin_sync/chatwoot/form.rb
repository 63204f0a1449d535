# frozen_string_literal: true

require "timeout"

module KrayinSync
  module Chatwoot
    # Checks a hook's settings while they are saved, and sets it up by what it found: address and token, that the user
    # sees all records, and that each pipeline, stage, source and type that is named is there.
    class Form
      include Opaque

      # What an administrator must change. The message is a sentence for them.
      class Refused < StandardError
        # @return [String, nil] the key of the setting that it is about
        attr_reader :field

        def initialize(message = nil, field: nil)
          super(message)
          @field = field
        end
      end

      # Seconds for all of it: the administrator waits.
      LIMIT = 8
      PLACES = { "lead_pipeline_id" => "pipeline", "lead_pipeline_stage_id" => "stage", "lead_source_id" => "source",
                 "lead_type_id" => "type" }.freeze
      STAGES = %w[
        lead_pipeline_stage_id stage_on_conversation_created stage_on_first_response stage_on_conversation_resolved
      ].freeze

      # @param settings [Hash{String => Object}] as they would be saved
      # @param account_id [Integer, nil] whose labels, teams, inboxes and agents rules may name
      def initialize(settings, account_id: nil)
        @settings = settings
        @account_id = account_id
      end

      # @return [Hash{String => Object}] the settings with what was found and ids for names; with setup_error where
      #   Krayin could not be asked now
      # @raise [Refused]
      def check
        ::Timeout.timeout(LIMIT) { connect }
      rescue ConfigurationError, ApiError, ::Timeout::Error => e
        failure = ConnectionFailure.new(e, @settings)
        raise Refused.new(failure.sentence, field: failure.field) unless failure.passing?

        @settings.merge("setup_error" => failure.sentence, "setup_error_at" => Time.now.utc.iso8601)
      end

      private

      def connect
        check_tells(@settings)
        check_tokens
        names = @settings.slice(*PLACES.keys).compact_blank
        found = look(@settings.except(*PLACES.keys))
        check_tells(@settings.merge(found))
        ids = names.empty? ? {} : ids_of(names, found)
        found = look(@settings.merge(ids)) if names.any?
        check_stages(found, ids["lead_pipeline_id"])
        check_both_ways(@settings.merge(ids, found))
        @settings.merge(ids, found).except("setup_error", "setup_error_at", "tokens_refused", SetupWarnings::KEY)
                 .merge(SetupWarnings.of(@looked, @account_id, @settings))
      end

      # Whether what is to be shown of changes in Krayin is told there: the document's API lists none.
      def check_tells(settings)
        return unless Settings.on?(settings, "two_way") && settings["api_dialect"].to_s.casecmp?("documented")

        raise Refused, Reason.new("not_served", setting: "two_way").sentence(HookSettings.locale(@settings))
      end

      # Whether Chatwoot and Krayin's answers show what is to go both ways. Where there is no lead yet, the first look
      # tells.
      def check_both_ways(settings)
        fields = MappedField.of(settings)
        return if fields.empty?

        hidden = fields.find { |field| !AttributeDefinitions.take?(@account_id, field) } || hidden(fields, settings)
        return unless hidden

        raise Refused.new(hidden.one_way.sentence(HookSettings.locale(@settings)), field: "field_mapping")
      end

      def hidden(fields, settings)
        krayin = PersonReader.new(settings, bulk: false)
        lead = krayin.newest(1).first.first.to_h
        if fields.any?(&:person?) && !lead["person"].is_a?(Hash)
          lead = lead.merge("person" => krayin.newest(1, PersonReader::PERSONS).first.first)
        end
        fields.find { |field| field.hidden?(lead) }
      end

      # Of several each must do: what one user may says nothing of another.
      def check_tokens
        tokens = @settings["api_token"].to_s.split.uniq
        return unless tokens.many?

        # All of them have the right form.
        Session.new(@settings)
        tokens.each.with_index(1) do |token, place|
          look(@settings.except(*PLACES.keys).merge("api_token" => token))
        rescue AuthenticationError, PermissionError => e
          failure = ConnectionFailure.new(e, @settings)
          raise Refused.new("#{place}/#{tokens.size}: #{failure.sentence}", field: failure.field)
        end
      end

      def look(settings)
        limits = { "deadline" => LIMIT / 2, "attempt_timeout" => LIMIT / 2 }
        url, token = settings.values_at("api_url", "api_token")
        shell = HookSettings.new(ProcessorService::APP_ID, settings.merge(limits))
        @looked = SetupService.new(hook: shell, api_url: url, api_token: token, cache: nil)
        @looked.perform
      end

      # The pipeline first: its stages are those that count.
      def ids_of(names, found)
        client = Api::LeadClient.new(found["api_url"], @settings["api_token"], api_dialect: found["api_dialect"])
        ids = {}
        PLACES.each_key do |key|
          next unless names[key]

          ids[key] = id_of(names[key], PLACES[key], list(key, client, found, ids), key)
        end
        ids
      end

      def list(key, client, found, ids)
        case key
        when "lead_pipeline_id" then client.get_pipelines
        when "lead_pipeline_stage_id" then client.get_stages(ids["lead_pipeline_id"] || found["default_pipeline_id"])
        when "lead_source_id" then client.get_sources
        else client.get_types
        end
      end

      def id_of(name, what, known, key)
        one = known.find { |row| row["id"].to_s == name.to_s.strip } || known.find { |row| named?(row, name) }
        one ? one["id"] : raise(Refused.new(missing(name, what, known), field: key))
      end

      def named?(row, name)
        row.values_at("code", "name").compact.any? { |known| known.to_s.casecmp?(name.to_s.strip) }
      end

      def missing(name, what, known)
        there = known.map { |row| row["name"] }.compact.first(12)
        Reason.new("place_unknown", place: what, entered: name.to_s[0, 60], known: there)
              .sentence(HookSettings.locale(@settings))
      end

      def check_stages(found, pipeline_id)
        stages = stages_of(found, pipeline_id || found["default_pipeline_id"])
        @settings.slice(*STAGES.drop(1)).compact_blank.each { |key, name| id_of(name, "stage", stages, key) } if stages
      end

      def stages_of(found, pipeline_id)
        found.dig("traits", "pipelines").to_a.find { |pipeline| pipeline["id"] == pipeline_id }&.fetch("stages", nil)
      end
    end
  end
end
