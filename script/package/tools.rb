# frozen_string_literal: true

require "fileutils"
require "open3"

# Where things are, and how a step is run: what it says is shown when it fails.
module Tools
  ROOT = File.expand_path("../..", __dir__)
  KEPT = File.join(ROOT, "target/package")

  module_function

  # @return [String] what it said
  def run(*command, env: {}, dir: ROOT)
    said, status = Open3.capture2e(env, *command, chdir: dir, stdin_data: "")
    return said if status.success?

    warn said.lines.last(40)
    abort "bin/package: #{command.first(3).join(" ")} failed"
  end

  # Made once, whole or not at all.
  def once(name)
    folder = File.join(KEPT, name)
    return folder if File.directory?(folder)

    half = "#{folder}.half"
    FileUtils.rm_rf(half)
    FileUtils.mkdir_p(half)
    yield half
    File.rename(half, folder)
    folder
  end

  # @return [String] the triple of this machine
  def host = run("rustc", "--version", "--verbose")[/^host: (.+)$/, 1]

  def rust = run("rustc", "--version")[/\d+\.\d+\.\d+/]
end
