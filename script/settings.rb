# frozen_string_literal: true

# Writes what is made of the table of settings (`settings/table.rs` of the core), once `bin/setup` has built it:
#
#     ruby script/settings.rb

require "yaml"
require_relative "../lib/krayin_sync"
require_relative "../lib/krayin_sync/chatwoot/app_config"
require_relative "written"

# The form, and the list of settings in each language.
module SettingsTable
  # Where the list stands, its heads, and what stands beside a key.
  LISTS = {
    "en" => ["docs/settings.md", ["setting", "what it means", "without it"],
             { "set_up" => ", found by the set-up", "installation" => ", of the installation",
               required: ", required" }],
    "pt" => ["docs/pt/settings.md", ["configuração", "o que significa", "sem ela"],
             { "set_up" => ", encontrada na configuração", "installation" => ", da instalação",
               required: ", obrigatória" }],
    "es" => ["docs/es/settings.md", ["ajuste", "qué significa", "sin él"],
             { "set_up" => ", hallado por la configuración", "installation" => ", de la instalación",
               required: ", obligatorio" }]
  }.freeze

  class << self
    def all = [app, *LISTS.keys.map { |language| list(language) }]

    private

    # Chatwoot's form, its schema, and what its page shows.
    def app
      head = "# What Chatwoot's list of integrations knows of Krayin. Written by script/settings.rb.\n"
      # Nothing is the same object twice, so that there are no aliases.
      config = JSON.parse(JSON.generate(KrayinSync::Chatwoot::AppConfig.to_h))
      Written.new("config/krayin_app.yml", head + YAML.dump(config, line_width: -1).delete_prefix("---\n"))
    end

    def list(language)
      path, heads, marks = LISTS.fetch(language)
      rows = KrayinSync::Settings.table.map do |row|
        [key(row, marks), meaning(row, language), row["default"][language]]
      end
      Written.table(path, "settings", heads, rows)
    end

    def key(row, marks)
      "`#{row["key"]}`#{marks[row["set_by"]]}#{marks[:required] if row["required"]}"
    end

    def meaning(row, language)
      words = row["choices"].map do |word, names|
        names[language] == word ? "`#{word}`" : "`#{word}` (#{names[language]})"
      end
      [row["help"][language], words.join(", ")].reject(&:empty?).join(": ")
    end
  end
end

SettingsTable.all.each(&:write) if $PROGRAM_NAME == __FILE__
