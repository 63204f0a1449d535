# frozen_string_literal: true

require "open3"

# Runs a command and shows what it says.
module Command
  ENVIRONMENT = {
    # The same place as bin/setup's, so that what it built is used again.
    "CARGO_TARGET_DIR" => File.expand_path("../../target", __dir__),
    # Debug information doubles the time to build and nothing here reads it.
    "CARGO_PROFILE_DEV_DEBUG" => "0"
  }.freeze

  # True when the command succeeded. Yields each line.
  def self.run(*command, env: {}, dir: nil)
    options = dir ? { chdir: dir } : {}
    Open3.popen2e(ENVIRONMENT.merge(env), *command, options) do |input, output, process|
      input.close
      output.each_line do |line|
        print line
        yield line.scrub if block_given?
      end
      process.value.success?
    end
  rescue Errno::ENOENT => e
    puts e.message
    false
  end
end
