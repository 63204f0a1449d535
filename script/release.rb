# frozen_string_literal: true

require "optparse"
require_relative "release/release"

# Names and texts are UTF-8, whatever the environment's locale says.
Encoding.default_external = Encoding::UTF_8
$stdout.sync = true

dry = false
parser = OptionParser.new("bin/release [--dry-run] VERSION") do |options|
  options.on("--dry-run", "make and test all of it, commit nothing") { dry = true }
end
begin
  parser.parse!
rescue OptionParser::ParseError => e
  abort "bin/release: #{e.message}\n#{parser}"
end
abort parser.to_s unless ARGV.size == 1

begin
  Release.new(File.expand_path("..", __dir__), ARGV.first, dry: dry).make
rescue Release::Refused => e
  abort "bin/release: #{e.message}"
end
