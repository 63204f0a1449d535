# frozen_string_literal: true

# Writes the table of errors in docs/errors.md from the types, once `bin/setup` has built the core:
#
#     ruby script/errors.rb

require_relative "../lib/krayin_sync"

# The table in the documentation.
module ErrorTable
  DOCUMENT = File.expand_path("../docs/errors.md", __dir__)
  BETWEEN = /(?<=<!-- errors -->\n).*(?=\n<!-- end of errors -->)/m
  WORDS = { yes: "yes", no: "no", unknown: "not known" }.freeze

  class << self
    def text
      rows = KrayinSync::Error.table.map do |row|
        executed = row[:executed].map { |word| WORDS.fetch(word) }.join(", ")
        cells = ["`#{row[:class].name.split("::").last}`", "`#{row[:code]}`", row[:retriable] ? "yes" : "no", executed,
                 row[:advice]]
        "| #{cells.join(" | ")} |"
      end
      ["| class | reason | may pass by itself | executed | what to do |", "|---|---|---|---|---|", *rows].join("\n")
    end

    def there = document[BETWEEN]

    def write = File.write(DOCUMENT, document.sub(BETWEEN) { text })

    private

    def document = File.read(DOCUMENT, encoding: "UTF-8")
  end
end

ErrorTable.write if $PROGRAM_NAME == __FILE__
