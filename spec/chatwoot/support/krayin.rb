# frozen_string_literal: true

require "json"
require "net/http"

# A simulated Krayin that takes sixty calls a minute of each token, unless told otherwise.
class Krayin
  PROGRAM = File.expand_path("../../../target/release/krayin_sim", __dir__)

  attr_reader :url, :tokens, :pid

  def initialize(servers, name, tokens: 1, server: "2.1.0", throttle: true, port: 0)
    @servers = servers
    @name = name
    @options = { server: server, throttle: throttle }
    @tokens = Array.new(tokens) { |number| "#{number + 1}|#{name}#{"0" * 20}#{number}" }
    start(port)
  end

  def start(port = URI(url).port)
    file = File.join(@servers.folder, "#{@name}-tokens")
    File.write(file, @tokens.map { |token| "#{token}\n" }.join)
    options = ["--tokens", file, "--server", @options[:server], *("--no-throttle" unless @options[:throttle])]
    FileUtils.rm_f(@servers.log(@name))
    @pid = @servers.spawn(PROGRAM, "--listen", "127.0.0.1:#{port}", *options, name: @name)
    sleep 0.02 until File.file?(@servers.log(@name)) && (@url = File.read(@servers.log(@name))[/listening on (\S+)/, 1])
    self
  end

  def stop = @servers.end_process(@pid)

  def settings(token = 0, **more)
    { "api_url" => url, "api_token" => tokens.fetch(token) }.merge(more.transform_keys(&:to_s))
  end

  # {"persons" => [...], "leads" => [...], "organizations" => [...], "activities" => [...]}
  def records = control(Net::HTTP::Get.new("/_sim/records"))

  def person(email)
    records["persons"].find { |person| person["emails"].to_a.any? { |known| known["value"] == email } }
  end

  # @param after [Integer] the number of the last one that is known
  def requests(after: 0) = control(Net::HTTP::Get.new("/_sim/requests?after=#{after}"))

  def forget_requests = control(Net::HTTP::Delete.new("/_sim/requests"))

  def faults(*rules) = post("faults", rules)

  # As a colleague does it in Krayin's pages.
  def change(*changes) = post("changes", changes)

  # A person whom a colleague has made.
  # @return [Integer] its id
  def add_person(**fields) = add("contacts/persons", entity_type: "persons", **fields)

  # A lead that a colleague has made.
  # @return [Integer] its id
  def add_lead(**fields)
    add("leads", entity_type: "leads", lead_value: 0, lead_pipeline_id: 1, lead_pipeline_stage_id: 1, **fields)
  end

  # An organization that a colleague has made.
  # @return [Integer] its id
  def add_organization(name) = add("contacts/organizations", entity_type: "organizations", name: name)

  # A pipeline with one stage.
  # @return [Integer] its id
  def add_pipeline(name, stage)
    add("settings/pipelines", name: name, rotten_days: 7, stages: [{ code: stage.downcase, name: stage }])
  end

  # @param switches [Hash{Symbol => Object}] throttle, for one
  def turn(**switches) = post("switches", switches)

  # Lets so much time pass for it.
  # @param seconds [Integer]
  def pass(seconds) = post("clock", { advance_seconds: seconds })

  def heal = control(Net::HTTP::Delete.new("/_sim/faults"))

  private

  def post(path, body)
    request = Net::HTTP::Post.new("/_sim/#{path}", "Content-Type" => "application/json")
    request.body = JSON.generate(body)
    control(request)
  end

  def add(path, **fields)
    request = Net::HTTP::Post.new(URI("#{url}/#{path}"), "Content-Type" => "application/json",
                                                         "Accept" => "application/json",
                                                         "Authorization" => "Bearer #{tokens.first}")
    request.body = JSON.generate(fields)
    control(request).dig("data", "id")
  end

  def control(request)
    uri = URI(url)
    answer = Net::HTTP.start(uri.host, uri.port, nil) { |http| http.request(request) }
    raise answer.body unless answer.is_a?(Net::HTTPSuccess)

    JSON.parse(answer.body)
  end
end
