# frozen_string_literal: true

require_relative "support/prometheus_text"
require_relative "support/redis_server"
require_relative "../script/metrics"

RSpec.describe KrayinSync::Metrics do
  let(:krayin) { SimulatedKrayin.of("2.1.0") }

  after { KrayinSync.metrics = KrayinSync.retry_base = nil }

  # {name with labels => number}, refused where a line is none of the format.
  def parse(text)
    PrometheusText.read(text).transform_keys do |(name, labels)|
      labels.empty? ? name : "#{name}{#{labels.map { |key, value| "#{key}=#{value.to_json}" }.join(",")}}"
    end
  end

  def perform(id, **more)
    contact = { id: id, name: "M", email: "metrics#{id}@example.com", **more }
    KrayinSync::ProcessorService.new(hook: krayin.hook, event_name: "contact.created",
                                     event_data: { contact: contact }).perform
  end

  it "made the documentation's table as it is; `ruby script/metrics.rb` writes it" do
    expect(MetricsTable.document).to be_written
  end

  it "counts requests, retries, events and the budget" do
    KrayinSync.metrics = described_class.new
    KrayinSync.retry_base = 0
    perform(41)
    answers = ["503 Busy", "200 OK"]
    server = RawServer.new do
      "HTTP/1.1 #{answers.shift}\r\nX-RateLimit-Limit: 60\r\nX-RateLimit-Remaining: 41\r\nContent-Length: 2\r\n" \
        "Connection: close\r\nContent-Type: application/json\r\n\r\n{}"
    end
    KrayinSync::Api::BaseClient.new(server.url, "1|sesame").get("leads/5")
    expect { perform(nil) }.to raise_error(KrayinSync::EventError)
    read = parse(KrayinSync.metrics.to_prometheus)
    expect(read).to include(
      'krayin_sync_requests_total{method="GET",outcome="ok"}' => 2,
      'krayin_sync_requests_total{method="GET",outcome="server_unavailable"}' => 1,
      'krayin_sync_requests_total{method="POST",outcome="ok"}' => 1,
      'krayin_sync_retries_total{method="GET"}' => 1,
      'krayin_sync_events_total{event="contact.created",outcome="synced"}' => 1,
      'krayin_sync_events_total{event="contact.created",outcome="event_wrong"}' => 1,
      "krayin_sync_request_duration_seconds_count" => 4,
      'krayin_sync_request_duration_seconds_bucket{le="+Inf"}' => 4
    )
    budgets = read.select { |name, _| name.start_with?("krayin_sync_budget_") }
    expect(budgets.values).to contain_exactly(60, 60, 41, 59)
    buckets = read.select { |name, _| name.include?("_bucket") }.values
    expect(buckets).to eq(buckets.sort)
    expect(KrayinSync.metrics.to_prometheus).not_to match(/sesame|metrics41|127\.0\.0\.1/)
  ensure
    server&.stop
  end

  it "tells any label as Prometheus reads it" do
    odd = "a\"b\\c\nd"
    metrics = described_class.new(gauges: lambda {
                                            [["queue_jobs", { "of" => odd }, 3], ["queue_latency_seconds", {}, 0.25]]
                                          })
    expect(parse(metrics.to_prometheus)).to eq('krayin_sync_queue_jobs{of="a\"b\\\\c\nd"}' => 3,
                                               "krayin_sync_queue_latency_seconds" => 0.25)
    expect(parse(described_class.new.to_prometheus)).to eq({})
  end

  it "tells labels of any script, and numbers of any size, to Prometheus' own reader" do
    labels = ["", " ", "\\", "\\\\n", "\"", "\n", "a,b=\"c\"", "}", "{", "# HELP x",
              "日本", "é\u0301", "\t", "\r", "\u2028", "😀"]
    numbers = [0, -1, 1.5, 1e-7, 1e300, 2**70, Float::INFINITY, -Float::INFINITY]
    samples = labels.flat_map do |label|
      numbers.each_with_index.map { |number, index| ["links", { "state" => label, "of" => index.to_s }, number] }
    end
    read = PrometheusText.read(described_class.new(gauges: -> { samples }).to_prometheus)
    expect(read.size).to eq(samples.size)
    samples.each { |name, tags, number| expect(read[["krayin_sync_#{name}", tags]]).to eq(number.to_f) }
    nan = PrometheusText.read(described_class.new(gauges: -> { [["queue_jobs", {}, Float::NAN]] }).to_prometheus)
    expect(nan).to eq(["krayin_sync_queue_jobs", {}] => :nan)
  end

  describe "in Redis" do
    after(:all) { RedisServer.stop }

    before { redis(["FLUSHALL"]) }

    # Of a process's own.
    def redis(command)
      @redis = nil unless @pid == Process.pid
      @pid = Process.pid
      (@redis ||= Redis.new(url: RedisServer.url)).call(*command)
    end

    let(:commands) { [] }

    def metrics
      described_class.new do |command|
        commands << command
        redis(command)
      end
    end

    def attempt(**more) = { method: "GET", duration_ms: 20, attempt: 1, **more }

    it "adds up what all processes count, and takes no call for each" do
      shared = metrics
      shared.request(attempt)
      children = Array.new(3) do
        fork do
          100.times { shared.request(attempt(limit: 60, remaining: 5), "abc") }
          shared.flush
          exit!(0)
        end
      end
      children.each { |child| Process.wait(child) }
      50.times { shared.request(attempt) }
      expect(commands).to eq([])
      read = parse(shared.to_prometheus)
      expect(read).to include('krayin_sync_requests_total{method="GET",outcome="ok"}' => 351,
                              "krayin_sync_request_duration_seconds_sum" => a_value_within(0.001).of(7.02),
                              'krayin_sync_budget_remaining{connection="abc"}' => 5)
      expect(commands.map(&:first)).to eq(%w[EVAL HGETALL])
      expect(parse(metrics.to_prometheus)).to eq(read)
    end

    it "brings them by itself, also where nothing follows" do
      stub_const("KrayinSync::Metrics::FLUSH", 0.05)
      metrics.request(attempt)
      sleep 0.01 until redis(%w[EXISTS krayin_sync:metrics]) == 1
      expect(commands.map(&:first)).to eq(["EVAL"])
    end

    it "keeps what it has counted until Redis is there" do
      away = true
      counting = described_class.new do |command|
        raise IOError, "away" if away

        redis(command)
      end
      2.times { counting.request(attempt) && counting.flush }
      away = false
      counting.request(attempt)
      expect(parse(counting.to_prometheus)).to include('krayin_sync_requests_total{method="GET",outcome="ok"}' => 3)
    end
  end

  describe KrayinSync::Metrics::Endpoint do
    let(:token) { "0123456789abcdef0123" }
    let(:endpoint) { described_class.new(token: token, metrics: KrayinSync::Metrics.new) }

    def get(**env) = endpoint.call({ "REQUEST_METHOD" => "GET" }.merge(env.transform_keys(&:to_s)))

    it "answers whoever has the token, and nobody else" do
      expect(get(HTTP_AUTHORIZATION: "Bearer #{token}")[0..1])
        .to eq([200, { "content-type" => "text/plain; version=0.0.4; charset=utf-8" }])
      [nil, "", "Bearer", "Bearer x", "Bearer #{token}x", "Basic #{token}", token,
       "Bearer \xff\xfe", "Bearer #{token}\n", "Bearer  ", "bearer#{token}"].each do |header|
        expect(get(HTTP_AUTHORIZATION: header).first).to eq(401), header.inspect
      end
      expect(get(REQUEST_METHOD: "POST").first).to eq(405)
      expect { described_class.new(token: "short") }.to raise_error(KrayinSync::ConfigurationError)
      expect(endpoint.inspect).not_to include(token)
    end
  end
end
