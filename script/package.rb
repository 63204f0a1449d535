# frozen_string_literal: true

require "optparse"
require_relative "package/builder"
require_relative "package/platform_gem"
require_relative "package/smoke"

# Names and texts are UTF-8, whatever the environment's locale says.
Encoding.default_external = Encoding::UTF_8

rubies = Rubies::SUITES.keys
smoke = nil
OptionParser.new do |options|
  options.banner = "bin/package [#{Builder::TARGETS.keys.join("|")}|here]… [--ruby X.Y,…] [--smoke FOLDER]"
  options.on("--ruby LIST", Array) { |list| rubies = list }
  options.on("--smoke FOLDER") { |folder| smoke = folder }
end.parse!

platforms = ARGV.empty? && !smoke ? Builder::TARGETS.keys : ARGV
unknown = platforms - [*Builder::TARGETS.keys, "here"]
abort "bin/package: no platform #{unknown.join(", ")}" unless unknown.empty?

$stdout.sync = true
platforms.each do |platform|
  libraries = Builder.new(platform, rubies).libraries
  file = PlatformGem.new(platform, libraries).write
  puts "#{file}: #{File.size(file) / 1024} KiB, sha256 #{Digest::SHA256.file(file).hexdigest}"
end
exit(Smoke.new(smoke).run ? 0 : 1) if smoke
