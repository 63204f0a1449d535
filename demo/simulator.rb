# frozen_string_literal: true

require "fileutils"
require "json"
require "net/http"
require "securerandom"

# A simulated Krayin in a process of its own. `folder` holds its log, its token and, for one that is kept, who it is.
class Simulator
  PROGRAM = File.expand_path("../target/release/krayin_sim", __dir__)
  PATIENCE = 10 # seconds

  attr_reader :pid, :url, :token, :server

  # Raises a RuntimeError when it does not start.
  def self.start(folder, server:)
    FileUtils.mkdir_p(folder)
    token = "1|#{SecureRandom.hex(20)}"
    tokens = File.join(folder, "tokens")
    File.write(tokens, "#{token}\n", perm: 0o600)
    log = File.join(folder, "simulator.log")
    # A group of its own: Ctrl-C is for the demo, which then stops it.
    pid = Process.spawn(PROGRAM, "--listen", "127.0.0.1:0", "--server", server, "--tokens", tokens, "--no-throttle",
                        in: File::NULL, out: [log, "w"], err: %i[child out], pgroup: true)
    new(pid: pid, url: wait_for_url(log, pid), token: token, server: server)
  end

  # The one that an earlier demo kept, if it still answers.
  def self.kept(folder)
    about = JSON.parse(File.read(File.join(folder, "simulator.json")), symbolize_names: true)
    simulator = new(**about)
    simulator if simulator.records
  rescue SystemCallError, EOFError, JSON::ParserError, ArgumentError
    nil
  end

  def self.wait_for_url(log, pid)
    give_up = Process.clock_gettime(Process::CLOCK_MONOTONIC) + PATIENCE
    loop do
      url = File.read(log)[/^listening on (\S+)$/, 1]
      return url if url
      raise "the simulator ended: #{File.read(log)}" if Process.waitpid(pid, Process::WNOHANG)

      if Process.clock_gettime(Process::CLOCK_MONOTONIC) > give_up
        Process.kill(:KILL, pid)
        raise "the simulator did not start within #{PATIENCE} s, see #{log}"
      end
      sleep 0.02
    end
  end
  private_class_method :wait_for_url

  def initialize(pid:, url:, token:, server:)
    @pid = pid
    @url = url
    @token = token
    @server = server
  end

  # Lets a later demo find it.
  def keep(folder)
    about = { pid: pid, url: url, token: token, server: server }
    File.write(File.join(folder, "simulator.json"), JSON.generate(about), perm: 0o600)
  end

  def page
    URI.join(url, "/").to_s
  end

  # {"persons" => [...], "leads" => [...], "organizations" => [...], "activities" => [...]}
  def records
    get("/_sim/records")
  end

  # {1 => "New", …}
  def stages
    pipelines = get("#{URI(url).path}/settings/pipelines").fetch("data")
    pipelines.flat_map { |pipeline| pipeline.fetch("stages", []) }.to_h { |stage| stage.values_at("id", "name") }
  end

  # How many requests it was sent.
  def requests
    get("/_sim/requests").size
  end

  def stop
    Process.kill(:TERM, pid)
    Process.waitpid(pid)
  rescue Errno::ESRCH, Errno::ECHILD # it ended before, or is an earlier demo's
    nil
  end

  private

  def get(path)
    uri = URI(url)
    # No proxy, whatever the environment names: it is on this machine.
    headers = { "Accept" => "application/json", "Authorization" => "Bearer #{token}" }
    answer = Net::HTTP.new(uri.host, uri.port, nil).start { |http| http.get(path, headers) }
    JSON.parse(answer.body)
  end
end
