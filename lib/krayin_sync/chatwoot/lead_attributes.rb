# frozen_string_literal: true

require "time"

module KrayinSync
  module Chatwoot
    # What a contact shows of its lead: one attribute each, whose key is the same in every account, and after them the
    # {MappedField}s of its mapping.
    module LeadAttributes
      Attribute = Struct.new(:name, :type, :labels) do
        def key = "krayin_#{name}"
      end
      private_constant :Attribute

      # By their names in the settings, with Chatwoot's type of each and what people call it.
      ALL = [
        Attribute.new("stage", "list", { "en" => "Stage", "pt" => "Etapa", "es" => "Etapa" }),
        Attribute.new("value", "number", { "en" => "Lead value", "pt" => "Valor do lead", "es" => "Valor del lead" }),
        Attribute.new("owner", "text", { "en" => "Lead owner", "pt" => "Responsável pelo lead",
                                         "es" => "Responsable del lead" }),
        Attribute.new("pipeline", "text", { "en" => "Pipeline", "pt" => "Funil", "es" => "Embudo" }),
        Attribute.new("link", "link", { "en" => "Lead in Krayin", "pt" => "Lead no Krayin", "es" => "Lead en Krayin" }),
        Attribute.new("closing_date", "date", { "en" => "Expected close", "pt" => "Fechamento previsto",
                                                "es" => "Cierre previsto" }),
        Attribute.new("lost_reason", "text", { "en" => "Lost because", "pt" => "Motivo da perda",
                                               "es" => "Motivo de la pérdida" })
      ].freeze
      KEYS = ALL.map(&:key).freeze
      # What agents may set wherever a lead is shown, and what they may where the settings say so.
      MOVES = %w[krayin_stage krayin_lost_reason].freeze
      FIELDS = %w[krayin_value krayin_owner krayin_closing_date].freeze
      # What ends a lead, by the code of its stage.
      ENDS = %w[won lost].freeze
      HALF_A_DAY = 12 * 3600
      DAY = /\A\d{4}-\d{2}-\d{2}\z/
      # Hours in UTC that are midnight at either end of the world.
      EITHER_END = (10..12)
      private_constant :HALF_A_DAY, :DAY, :EITHER_END

      class << self
        # @param settings [Hash{String => Object}] a hook's
        # @return [Array<Attribute>] those that the settings want; none where nothing is shown
        def wanted(settings)
          return [] unless Settings.on?(settings, "two_way")

          names = listed(settings)
          names ? ALL.select { |attribute| names.include?(attribute.name) } : ALL
        end

        # @param settings [Hash{String => Object}] a hook's
        # @return [Array<String>] keys of what agents may set; none where nothing is shown
        def settable(settings)
          written = names(settings, "two_way_writes").to_a.map { |name| "krayin_#{name}" }
          (wanted(settings).map(&:key) & (MOVES + (FIELDS & written))) + MappedField.of(settings).map(&:key)
        end

        # @return [Array<String>] what the settings name that there is not
        def unknown(settings) = listed(settings).to_a - ALL.map(&:name)

        # @return [Array<String>] what agents are to set and cannot
        def not_settable(settings)
          names(settings, "two_way_writes").to_a - (MOVES + FIELDS).map { |key| key.delete_prefix("krayin_") }
        end

        # @param lead [Hash{String => Object}, nil] as Krayin answers it
        # @param settings [Hash{String => Object}] a hook's, with what the set-up learned
        # @return [Hash{String => Object, nil}] by key, of those that are wanted; nil where there is nothing to show
        def of(lead, settings)
          shown = wanted(settings).to_h { |attribute| [attribute.key, (value(attribute.name, lead, settings) if lead)] }
          shown.merge(mapped(lead, settings))
        end

        # The same of all that there are.
        def all_of(lead, settings)
          ALL.to_h { |attribute| [attribute.key, value(attribute.name, lead, settings)] }.merge(mapped(lead, settings))
        end

        # Whether a colleague has ended it.
        def closed?(lead, settings)
          !lead["closed_at"].nil? || ENDS.include?(stage_of(lead, settings)&.fetch("code", nil))
        end

        # Whether its stage is one that the set-up has seen.
        def known?(lead, settings) = lead["lead_pipeline_stage_id"].nil? || !stage_of(lead, settings).nil?

        # @return [Hash{String => Object}, nil] its stage: id, code and name
        def stage_of(lead, settings)
          id = lead["lead_pipeline_stage_id"]
          pipelines(settings).lazy.flat_map { |pipeline| pipeline["stages"].to_a }.find { |one| one["id"] == id }
        end

        # @return [String, nil] the day on which it is expected to close
        def closing_day(lead, settings) = day(lead["expected_close_date"], settings)

        # Whether that day is certain: without the server's zone an hour may be midnight at either end of the world.
        def closing_day?(lead, settings)
          text = lead["expected_close_date"].to_s
          return true if text.empty? || text.match?(DAY) || settings.dig("traits", "utc_offset_minutes")

          moment = Time.parse(text).utc
          !EITHER_END.cover?(moment.hour + (moment.min / 60.0))
        rescue ArgumentError
          true
        end

        # @return [Array<String>] the names of all stages, those of the settings' pipeline first
        def stages(settings)
          own = (settings["lead_pipeline_id"].presence || settings["default_pipeline_id"]).to_i
          first, others = pipelines(settings).partition { |pipeline| pipeline["id"] == own }
          (first + others).flat_map { |pipeline| pipeline["stages"].to_a }.filter_map { |one| name(one) }.uniq
        end

        # @param settings [Hash{String => Object}]
        # @param pipeline_id [Integer] a lead's
        # @param name [String] as an agent has chosen it
        # @return [Hash{String => Object}, nil] the stage of that name in that pipeline
        def stage_named(name, pipeline_id, settings)
          pipeline = pipelines(settings).find { |one| one["id"] == pipeline_id }
          stages = pipeline ? pipeline["stages"].to_a : []
          stages.find { |one| name(one) == name } || stages.find { |one| name(one)&.casecmp?(name.to_s.strip) }
        end

        # @param mapped [Array<MappedField>] that are Krayin's as well
        # @return [Hash{String => Object}] the attributes that are not Krayin's
        def without(attributes, mapped = [])
          attributes.to_h.transform_keys(&:to_s).except(*KEYS, *mapped.map(&:key))
        end

        # A digest of what is shown of a lead, whichever of the gem's own the settings want: what two answers of one
        # second differ by.
        # @param mapped [Array<MappedField>]
        def digest(lead, mapped = [])
          parts = lead.values_at("updated_at", "lead_pipeline_id", "lead_pipeline_stage_id", "lead_value",
                                 "lost_reason", "closed_at", "expected_close_date")
          parts.concat(mapped.map { |field| field.value(lead) })
          OpenSSL::Digest.hexdigest("SHA256", JSON.generate([*parts, owner(lead), person_id(lead)]))[0, 16]
        end

        # @param person [Hash{String => Object}] as Krayin answers it
        # @return [Hash{String => Object}] what there is to show of one who has no lead
        def without_lead(person) = { "person" => person }

        # @return [Integer, nil]
        def person_id(lead)
          id = lead["person"].is_a?(Hash) ? lead["person"]["id"] : lead["person_id"]
          id.to_i if id.to_i.positive?
        end

        # @return [Hash, nil] of a person's leads the one to be shown: an open one before others, touched last
        def choose(leads, settings)
          leads.max_by { |lead| [closed?(lead, settings) ? 0 : 1, lead["updated_at"].to_s, lead["id"].to_i] }
        end

        # @return [Hash{String => Object}, nil] whose the lead is
        def user(lead)
          user = lead["user"] || lead["sales_owner"]
          user if user.is_a?(Hash)
        end

        # "1000.0000" is how Krayin writes a thousand.
        # @return [Integer, Float, nil]
        def amount(value)
          number = Float(value.to_s, exception: false)
          return unless number&.finite?

          number == number.to_i ? number.to_i : number.round(4)
        end

        private

        # Of a Krayin whose answers do not tell them nothing is shown.
        def mapped(lead, settings)
          fields = MappedField.of(settings).select { |field| lead.nil? || field.told?(lead) }
          fields.to_h { |field| [field.key, (field.shown(lead) if lead)] }
        end

        def listed(settings) = names(settings, "two_way_attributes")

        def names(settings, key)
          names = Settings.read(key => settings[key])[key]
          names&.map { |name| name.strip.downcase.delete_prefix("krayin_").tr(" -", "__") }
        rescue ConfigurationError
          nil
        end

        def value(name, lead, settings)
          case name
          when "stage" then stage_of(lead, settings)&.then { |one| name(one) }
          when "value" then amount(lead["lead_value"])
          when "owner" then owner(lead)
          when "pipeline" then pipeline_of(lead, settings)&.then { |one| name(one) }
          when "link" then KrayinPages.of(settings, "lead", lead["id"]) if lead["id"]
          when "closing_date" then day(lead["expected_close_date"], settings)
          when "lost_reason" then lead["lost_reason"].presence
          end
        end

        def name(one) = one["name"].to_s.strip.presence

        def pipelines(settings) = settings.dig("traits", "pipelines").to_a

        def pipeline_of(lead, settings)
          pipelines(settings).find { |pipeline| pipeline["id"] == lead["lead_pipeline_id"] }
        end

        def owner(lead) = user(lead)&.then { |one| name(one) }

        # The day whose midnight is nearest: the server's clock may be that of the other half of the year.
        def day(text, settings)
          return if text.to_s.empty?
          return text[0, 10] if text.match?(DAY)

          offset = settings.dig("traits", "utc_offset_minutes").to_i
          (Time.parse(text).utc + (offset * 60) + HALF_A_DAY).strftime("%Y-%m-%d")
        rescue ArgumentError
          nil
        end
      end
    end
  end
end
