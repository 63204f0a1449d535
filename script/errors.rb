# frozen_string_literal: true

# Writes the table of errors in docs/errors.md from the types, once `bin/setup` has built the core:
#
#     ruby script/errors.rb

require_relative "../lib/krayin_sync"
require_relative "written"

# Each error that is raised.
module ErrorTable
  HEADS = ["class", "reason", "may pass by itself", "executed", "what to do"].freeze
  WORDS = { yes: "yes", no: "no", unknown: "not known" }.freeze

  def self.document
    rows = KrayinSync::Error.table.map do |row|
      executed = row[:executed].map { |word| WORDS.fetch(word) }.join(", ")
      name = row[:class].name.split("::").last
      ["`#{name}`", "`#{row[:code]}`", row[:retriable] ? "yes" : "no", executed, row[:advice]]
    end
    Written.table("docs/errors.md", "errors", HEADS, rows)
  end
end

ErrorTable.document.write if $PROGRAM_NAME == __FILE__
