# frozen_string_literal: true

require "open3"
require "rbconfig"
require "stringio"
require "timeout"

# A Ruby of its own that has krayin_sync loaded.
module Child
  # In seconds. Wide, since on a busy machine a Ruby alone takes twenty to load: what takes longer has hung.
  PATIENCE = 120

  LIB = File.expand_path("../../lib", __dir__)

  # One that has hung is ended, with what it started, and what it said is told.
  #
  # @param within [Array<String>] a command that runs another
  # @param env [Hash{String => String, nil}]
  # @return [Array(String, Process::Status)] what it printed on both streams, and how it ended
  def self.run(script, *arguments, patience: PATIENCE, within: [], env: {})
    command = [*within, RbConfig.ruby, "-W0", "-I", LIB, "-r", "krayin_sync", "-e", script, *arguments]
    said = StringIO.new
    Open3.popen2e(env, *command, pgroup: true) do |input, output, child|
      input.close
      reader = Thread.new { IO.copy_stream(output, said) }
      unless reader.join(patience) && child.join(patience)
        Process.kill(:KILL, -child.pid)
        reader.join
        raise Timeout::Error, "no end after #{patience} s; it said: #{said.string}"
      end
      [said.string, child.value]
    end
  end
end
