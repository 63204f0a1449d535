# frozen_string_literal: true

require "optparse"
require_relative "release/release"

# Names and texts are UTF-8, whatever the environment's locale says.
Encoding.default_external = Encoding::UTF_8
$stdout.sync = true

dry = false
chosen = { suites: [], platforms: [] }
parser = OptionParser.new("bin/release [--dry-run [--suites LIST] [--platforms LIST]] VERSION") do |options|
  options.on("--dry-run", "make and test all of it, commit nothing") { dry = true }
  options.on("--suites LIST", Array, "in a dry run: these suites of bin/test alone") { |list| chosen[:suites] = list }
  options.on("--platforms LIST", Array, "in a dry run: these platforms of bin/package alone") do |list|
    chosen[:platforms] = list
  end
end
begin
  parser.parse!
rescue OptionParser::ParseError => e
  abort "bin/release: #{e.message}\n#{parser}"
end
abort parser.to_s unless ARGV.size == 1

begin
  Release.new(File.expand_path("..", __dir__), ARGV.first, dry: dry, **chosen).make
rescue Release::Refused => e
  abort "bin/release: #{e.message}"
end
