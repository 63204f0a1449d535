# frozen_string_literal: true

# The table of docs/versions.md, of what this works with: { "Ruby" => { from: "3.1", to: "3.4", tried: ["3.1", …] } }
module Supported
  ROW = /^\| (\w+) \| ([\d.]+)(?: to ([\d.]+)| or newer) \| (.+) \|$/
  TABLE = File.expand_path("../../docs/versions.md", __dir__)

  def self.all
    File.read(TABLE, encoding: "UTF-8").scan(ROW).to_h do |name, from, to, tried|
      [name, { from: Gem::Version.new(from), to: to && Gem::Version.new(to), tried: tried.scan(/\d+(?:\.\d+)+|\d+/) }]
    end
  end

  # Whether the table says of what runs here that every test runs it.
  def self.tried?(name, running)
    all.fetch(name)[:tried].any? { |version| running.to_s == version || running.to_s.start_with?("#{version}.") }
  end
end
