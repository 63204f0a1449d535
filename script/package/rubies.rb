# frozen_string_literal: true

require "tmpdir"
require_relative "debian"

# The headers of each Ruby that can be had, for each architecture: what the extension is built against. Each is a
# command that answers as that Ruby does when it is asked how it was built.
module Rubies
  SUITES = { "3.1" => "bookworm", "3.3" => "trixie", "3.4" => "experimental" }.freeze
  # That the gem works with, from source at least.
  RELEASED = %w[3.1 3.2 3.3 3.4 4.0].freeze
  TRIPLES = { "amd64" => "x86_64-linux-gnu", "arm64" => "aarch64-linux-gnu" }.freeze

  module_function

  # @return [String] the command's path
  def for(series, architecture)
    suite = SUITES.fetch(series) { abort "bin/package: Debian has Ruby #{SUITES.keys.join(", ")}, not #{series}" }
    folder = Tools.once("ruby-#{series}-#{architecture}") do |half|
      Debian.unpack(["libruby#{series}", "ruby#{series}-dev"], architecture, half, suite: suite)
      pretend(half, series, TRIPLES.fetch(architecture))
    end
    File.join(folder, "ruby")
  end

  def pretend(folder, series, triple)
    answers = "usr/lib/#{triple}/ruby/#{series}.0"
    file = File.join(folder, answers, "rbconfig.rb")
    # It refuses to be read by another Ruby.
    File.write(file, File.read(file).sub(/^ *RUBY_VERSION\.start_with\?.*\n.*raise.*\n/, ""))
    command = File.join(folder, "ruby")
    File.write(command, <<~SH)
      #!/bin/sh
      exec #{RbConfig.ruby} -I "$(dirname "$0")/#{answers}" "$@"
    SH
    File.chmod(0o755, command)
  end
end
