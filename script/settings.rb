# frozen_string_literal: true

# Writes what is made of the table of settings (`settings/table.rs` of the core), once `bin/setup` has built it:
#
#     ruby script/settings.rb

require "yaml"
require_relative "../lib/krayin_sync"
require_relative "../lib/krayin_sync/chatwoot/app_config"

# A file that holds rows of the table.
Written = Struct.new(:path, :text) do
  def self.all = [app, list_of_settings]

  # Chatwoot's form, its schema, and what its page shows.
  def self.app
    head = "# What Chatwoot's list of integrations knows of Krayin. Written by script/settings.rb.\n"
    # Nothing is the same object twice, so that there are no aliases.
    config = JSON.parse(JSON.generate(KrayinSync::Chatwoot::AppConfig.to_h))
    new("config/krayin_app.yml", head + YAML.dump(config, line_width: -1).delete_prefix("---\n"))
  end

  # The list of settings.
  def self.list_of_settings
    lines = KrayinSync::Settings.table.map { |row| "| #{[key(row), meaning(row), row["default"]["en"]].join(" | ")} |" }
    list = ["| setting | what it means | without it |", "|---|---|---|", *lines].join("\n")
    text = File.read(in_root("docs/settings.md"), encoding: "UTF-8")
    new("docs/settings.md", text.sub(/(?<=<!-- settings -->\n).*(?=\n<!-- end of settings -->)/m) { list })
  end

  def self.key(row)
    by = { "set_up" => ", found by the set-up", "installation" => ", of the installation" }[row["set_by"]]
    "`#{row["key"]}`#{by}#{", required" if row["required"]}"
  end
  private_class_method :key

  def self.meaning(row)
    words = row["choices"].map { |word, names| names["en"] == word ? "`#{word}`" : "`#{word}` (#{names["en"]})" }
    [row["help"]["en"], words.join(", ")].reject(&:empty?).join(": ")
  end
  private_class_method :meaning

  def self.in_root(path) = File.expand_path("../#{path}", __dir__)

  def written? = File.read(self.class.in_root(path), encoding: "UTF-8") == text

  def write = File.write(self.class.in_root(path), text)
end

Written.all.each(&:write) if $PROGRAM_NAME == __FILE__
