# frozen_string_literal: true

require "json"
require "net/http"
require "tmpdir"

# A simulated Krayin in a process of its own, on a free port. One a server and spec file: records pile up, so a spec
# uses addresses of its own.
class SimulatedKrayin
  PROGRAM = File.expand_path("../../target/release/krayin_sim", __dir__)
  TOKEN = "1|specs0123456789abcdef"

  @running = {}

  class << self
    def of(server = "2.1.0")
      @running[server] ||= new(server)
    end

    def stop_all
      @running.each_value(&:stop)
      @running.clear
    end
  end

  attr_reader :url

  def initialize(server, *options, throttle: false)
    options << "--no-throttle" unless throttle
    @folder = Dir.mktmpdir
    File.write(File.join(@folder, "tokens"), "#{TOKEN}\n")
    log = File.join(@folder, "log")
    @pid = Process.spawn(PROGRAM, "--listen", "127.0.0.1:0", "--server", server, *options,
                         "--tokens", File.join(@folder, "tokens"), out: log, err: %i[child out], in: File::NULL)
    sleep 0.01 until (@url = File.read(log)[/listening on (\S+)/, 1]) || Process.waitpid(@pid, Process::WNOHANG)
    raise File.read(log) unless @url
  end

  def settings
    { "api_url" => url, "api_token" => TOKEN, "default_pipeline_id" => 1, "default_stage_id" => 1,
      "default_source_id" => 1, "default_lead_type_id" => 1, "sync_to_organization" => true }
  end

  def hook
    Struct.new(:app_id, :settings).new("krayin", settings)
  end

  def records = control(:get, "/_sim/records")

  # What a colleague does, as `POST /_sim/changes` takes it.
  def change(name, **about)
    answer = Net::HTTP.post(URI.join(url, "/_sim/changes"), JSON.generate(about.merge(change: name)))
    raise answer.body unless answer.is_a?(Net::HTTPSuccess)
  end

  # One call fails, as `POST /_sim/faults` takes it.
  def fail_next(**fault)
    answer = Net::HTTP.post(URI.join(url, "/_sim/faults"), JSON.generate([fault]))
    raise answer.body unless answer.is_a?(Net::HTTPSuccess)
  end

  # Those that the block sent, as "POST /leads".
  def requests
    control(:delete, "/_sim/requests")
    yield
    control(:get, "/_sim/requests").map { |sent| "#{sent["method"]} #{sent["path"]}" }
  end

  def stop
    Process.kill(:TERM, @pid)
    Process.wait(@pid)
    FileUtils.rm_rf(@folder)
  end

  private

  def control(verb, path)
    uri = URI(url)
    answer = Net::HTTP.start(uri.host, uri.port, nil) { |http| http.public_send(verb, path) }
    JSON.parse(answer.body) unless answer.body.to_s.empty?
  end
end
