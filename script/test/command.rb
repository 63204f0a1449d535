# frozen_string_literal: true

require "open3"

# Runs a command and shows what it says.
module Command
  LAST_WORDS = 5 # seconds in which the output must end after the command has
  ENVIRONMENT = {
    # The same place as bin/setup's, so that what it built is used again.
    "CARGO_TARGET_DIR" => File.expand_path("../../target", __dir__),
    # Debug information doubles the time to build and nothing here reads it.
    "CARGO_PROFILE_DEV_DEBUG" => "0"
  }.freeze

  # True when the command succeeded. Yields each line, and shows it unless that is to be `quiet`.
  #
  # It runs in a process group of its own, so that what it leaves behind can be ended: a server that a failed test never
  # stopped would otherwise hold the output open, and this would wait for ever.
  def self.run(*command, env: {}, dir: ROOT, quiet: false, &block)
    Open3.popen2e(ENVIRONMENT.merge(env), *command, chdir: dir, pgroup: true) do |input, output, process|
      input.close
      reader = Thread.new { show(output, quiet, &block) }
      good = begin
        wait(process)
      ensure
        end_group(process.pid)
        reader.join(LAST_WORDS) || reader.kill
      end
      good
    end
  rescue Errno::ENOENT => e
    puts e.message
    false
  end

  def self.show(output, quiet)
    output.each_line do |line|
      print line unless quiet
      yield line.scrub if block_given?
    end
  end

  def self.wait(process)
    process.value.success?
  rescue SignalException
    Process.kill(:INT, -process.pid)
    process.join
    raise
  end

  def self.end_group(pid)
    Process.kill(:KILL, -pid)
  rescue Errno::ESRCH # it left nothing behind
    nil
  end
  private_class_method :show, :wait, :end_group
end
