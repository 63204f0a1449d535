# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What Chatwoot's list of integrations knows of Krayin: form, schema and what its page shows, all from the table of
    # settings. `config/krayin_app.yml` is this in English, written by `script/settings`.
    module AppConfig
      HEAD = { "id" => "krayin", "feature_flag" => "crm_integration", "logo" => "krayin.png", "i18n_key" => "krayin",
               "action" => "/krayin", "hook_type" => "account", "allow_multiple_hooks" => true }.freeze
      # Ids are text too: a form's number comes as text, and people enter names.
      TYPES = { "toggle" => "boolean", "id" => %w[integer string], "stage" => %w[integer string],
                "texts" => %w[string array], "mapping" => %w[string array], "traits" => "object" }.freeze
      INPUTS = { "toggle" => "checkbox", "secret" => "password" }.freeze
      # After what a setting means: what holds without it.
      WITHOUT = { "en" => "; %s where empty", "pt" => "; %s se vazio", "es" => "; %s si está vacío" }.freeze
      # The columns of the list in which an account's Krayins are told apart: each a text, as its search wants it.
      COLUMNS = %w[name api_url route_inboxes route_labels route_countries setup_error].freeze
      private_constant :HEAD, :TYPES, :INPUTS, :WITHOUT, :COLUMNS

      class << self
        # @return [Hash{String => Object}]
        def to_h
          HEAD.merge("settings_json_schema" => schema, "settings_form_schema" => form("en"),
                     "visible_properties" => COLUMNS)
        end

        # @return [Array<String>] the settings that administrators' programs may read of a hook
        def readable = @readable ||= keys_of(rows.select { |row| row["shown"] }).freeze

        # @param locale [#to_s] pt_BR and the like; English where it is none of the three languages
        # @return [Array<Hash{String => Object}>] FormKit's inputs
        def form(locale)
          language = Reason.language(locale)
          (@forms ||= {})[language] ||= asked.map { |row| input(row, language) }
        end

        private

        def keys_of(rows) = rows.map { |row| row["key"] }

        def asked = rows.reject { |row| row["label"]["en"].empty? }

        # Those of a hook.
        def rows = Settings.table.reject { |row| row["set_by"] == "installation" }

        def schema
          { "type" => "object", "properties" => rows.to_h { |row| [row["key"], property(row)] },
            "required" => keys_of(rows.select { |row| row["required"] }),
            "additionalProperties" => false }
        end

        def property(row)
          words = row["choices"].map(&:first)
          # A locale has a country too.
          words = [] if row["kind"] == "language"
          property = { "type" => TYPES.fetch(row["kind"], "string") }
          words.empty? ? property : property.merge("enum" => ["", *words])
        end

        def input(row, language)
          input = { "label" => row["label"][language], "name" => row["key"], "type" => type(row),
                    "help" => help(row, language) }
          input["validation"] = "required" if row["required"]
          input["options"] = options(row, language) unless row["choices"].empty?
          input
        end

        def type(row)
          row["choices"].empty? ? INPUTS.fetch(row["kind"], "text") : "select"
        end

        # The first one is chosen where nobody chooses.
        def options(row, language)
          options = row["choices"].map { |word, names| { "label" => names[language], "value" => word } }
          usual, others = options.partition { |option| option["value"] == row["default"]["en"] }
          usual = [{ "label" => row["default"][language], "value" => "" }] if usual.empty?
          usual + others
        end

        def help(row, language)
          default = row["default"]
          said = row["choices"].any? || row["kind"] == "toggle" || ["", "none"].include?(default["en"])
          said ? row["help"][language] : row["help"][language] + format(WITHOUT[language], default[language])
        end
      end
    end
  end
end
