# frozen_string_literal: true

# Writes what is made of the table of settings (`settings/table.rs` of the core), once `bin/setup` has built it:
#
#     ruby script/settings.rb

require "yaml"
require_relative "../lib/krayin_sync"
require_relative "../lib/krayin_sync/chatwoot/app_config"
require_relative "written"

# The form, and the list of settings.
module SettingsTable
  class << self
    def all = [app, list]

    private

    # Chatwoot's form, its schema, and what its page shows.
    def app
      head = "# What Chatwoot's list of integrations knows of Krayin. Written by script/settings.rb.\n"
      # Nothing is the same object twice, so that there are no aliases.
      config = JSON.parse(JSON.generate(KrayinSync::Chatwoot::AppConfig.to_h))
      Written.new("config/krayin_app.yml", head + YAML.dump(config, line_width: -1).delete_prefix("---\n"))
    end

    def list
      rows = KrayinSync::Settings.table.map { |row| [key(row), meaning(row), row["default"]["en"]] }
      Written.table("docs/settings.md", "settings", ["setting", "what it means", "without it"], rows)
    end

    def key(row)
      by = { "set_up" => ", found by the set-up", "installation" => ", of the installation" }[row["set_by"]]
      "`#{row["key"]}`#{by}#{", required" if row["required"]}"
    end

    def meaning(row)
      words = row["choices"].map { |word, names| names["en"] == word ? "`#{word}`" : "`#{word}` (#{names["en"]})" }
      [row["help"]["en"], words.join(", ")].reject(&:empty?).join(": ")
    end
  end
end

SettingsTable.all.each(&:write) if $PROGRAM_NAME == __FILE__
