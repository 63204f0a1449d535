# frozen_string_literal: true

require "open3"
require "rbconfig"
require "timeout"

# A Ruby of its own that has krayin_sync loaded.
module Child
  PATIENCE = 30 # seconds

  LIB = File.expand_path("../../lib", __dir__)

  # @param within [Array<String>] a command that runs another
  # @param env [Hash{String => String, nil}]
  # @return [Array(String, Process::Status)] what it printed on both streams, and how it ended
  def self.run(script, *arguments, patience: PATIENCE, within: [], env: {})
    command = [*within, RbConfig.ruby, "-W0", "-I", LIB, "-r", "krayin_sync", "-e", script, *arguments]
    Timeout.timeout(patience) { Open3.capture2e(env, *command, stdin_data: "") }
  end
end
