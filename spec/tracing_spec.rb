# frozen_string_literal: true

require_relative "support/open_telemetry_double"

RSpec.describe KrayinSync::Tracing do
  let(:krayin) { SimulatedKrayin.of("2.1.0") }
  let(:tracer) { OpenTelemetryDouble.tracer_provider.tracer }
  let(:spans) { tracer.spans }
  let(:heads) { [] }

  before do
    stub_const("OpenTelemetry", OpenTelemetryDouble)
    tracer.sampled = true
    spans.clear
  end

  after { KrayinSync.headers = KrayinSync.retry_base = nil }

  def perform(contact)
    KrayinSync::ProcessorService.new(hook: krayin.hook, event_name: "contact.created",
                                     event_data: { contact: contact }).perform
  end

  # A server whose answers come in turn; the last one again and again.
  def answering(*statuses)
    server = RawServer.new do |head|
      heads << head
      status = statuses.size > 1 ? statuses.shift : statuses.first
      "HTTP/1.1 #{status}\r\nContent-Length: 2\r\nConnection: close\r\nContent-Type: application/json\r\n" \
        "X-Request-Id: answer-7\r\n\r\n{}"
    end
    yield KrayinSync::Api::BaseClient.new(server.url, "1|sesame", attempt_timeout: 1), server
  ensure
    server&.stop
  end

  it "makes a span an event and one a request below it" do
    perform(id: 31, name: "Spans", email: "spans@example.com", phone_number: "+14155550131")
    event, *requests = spans
    expect(event).to have_attributes(name: "contact.created sync", kind: :consumer, finished: true, status: nil)
    expect(event.attributes).to eq("krayin_sync.event" => "contact.created", "krayin_sync.status" => "synced",
                                   "krayin_sync.requests" => 2)
    uri = URI(krayin.url)
    expect(requests.map(&:name)).to eq(["GET /contacts/persons/search", "POST /leads"])
    expect(requests).to all(have_attributes(kind: :client, finished: true, parent: event, status: nil))
    expect(requests.first.attributes).to include(
      "http.request.method" => "GET", "url.template" => "/contacts/persons/search", "url.scheme" => "http",
      "server.address" => uri.host, "server.port" => uri.port, "http.response.status_code" => 200
    )
    expect(spans.map(&:attributes).to_s).not_to match(/Spans|spans@|4155550131|specs0123/)
  end

  it "says of which account and hook both are, and is none where the API is not loaded" do
    hook = Struct.new(:id, :account_id, :settings).new(7, 3, krayin.settings)
    run = lambda do |id|
      contact = { id: id, name: "T", email: "t#{id}@example.com" }
      KrayinSync::ProcessorService.new(hook: hook, event_name: "contact.created",
                                       event_data: { contact: contact }).perform
    end
    run.call(33)
    expect(spans.map(&:attributes)).to all(include("krayin_sync.account_id" => 3, "krayin_sync.hook_id" => 7))
    spans.clear
    hide_const("OpenTelemetry")
    expect(run.call(34)).to include(status: "synced")
    stub_const("OpenTelemetry", Module.new) # another gem's of that name
    expect(run.call(35)).to include(status: "synced")
    expect(spans).to be_empty
  end

  it "sends the span's context with each attempt, sampled or not" do
    KrayinSync.retry_base = 0
    answering("503 Busy", "200 OK") { |client| client.get("leads/5/tags", term: "jane@example.com") }
    tracer.sampled = false
    answering("200 OK") { |client| client.get("leads/5/tags") }
    sent = heads.map { |head| head[/^traceparent: (.+)\r$/i, 1] }
    flags = %w[01 01 00]
    expect(sent).to eq(spans.zip(flags).map { |span, flag| "00-#{span.context.trace}-#{span.context.span}-#{flag}" })
    first, second = spans
    expect(first.attributes).to include("http.response.status_code" => 503, "error.type" => "server_unavailable")
    expect(first.status.code).to eq(2)
    expect(second.attributes).to include("http.request.resend_count" => 1, "krayin_sync.request_id" => "answer-7",
                                         "url.template" => "/leads/{id}/tags")
  end

  it "closes what a timeout breaks off, and keeps no parent" do
    silent = RawServer.new { nil }
    client = KrayinSync::Api::BaseClient.new(silent.url, "1|sesame")
    expect { Timeout.timeout(0.3) { client.get("leads/5") } }.to raise_error(Timeout::Error)
    expect(spans).to match([have_attributes(finished: true,
                                            attributes: a_hash_including("error.type" => "interrupted"))])
    expect(OpenTelemetryDouble::Trace.current_span).to be_nil
  ensure
    silent&.stop
  end

  it "tells why an event failed, and nothing of what it was about" do
    expect { perform(name: "Zebedee", email: "zebedee@private.example") }.to raise_error(KrayinSync::EventError)
    expect(spans.first.attributes).to include("error.type" => "KrayinSync::EventError")
    expect(spans.first.status.description).to eq("event_wrong")
    expect(spans.map(&:attributes).to_s).not_to match(/zebedee/i)
  end

  it "makes no span where the API stands alone, as a library brought it" do
    allow(OpenTelemetryDouble).to receive(:tracer_provider)
      .and_return(OpenTelemetryDouble::Internal::ProxyTracerProvider.new)
    expect(described_class.tracer).to be_nil
    expect(perform(id: 33, name: "Unheard", email: "unheard@example.com")).to include(status: "synced")
    expect(spans).to be_empty
  end

  it "loses no event by a tracer that raises" do
    allow(tracer).to receive(:start_span).and_raise(IOError)
    expect(perform(id: 32, name: "Raising", email: "raising@example.com")).to include(status: "synced")
  end

  describe "config.headers" do
    it "goes with each request, and is asked for each" do
      asked = []
      KrayinSync.headers = lambda do |request|
        asked << request
        { "X-Gateway" => "key-#{request[:attempt]}", nothing: nil }
      end
      answering("200 OK") { |client| client.get("leads/5", email: "jane@example.com") }
      expect(heads.first).to match(/^x-gateway: key-1\r$/i)
      expect(asked).to eq([{ method: "GET", path: "leads/{id}", attempt: 1, most: 3 }])
      KrayinSync.headers = { "X-Request-Id" => "mine-1" }
      answering("500 No") do |client|
        expect { client.get("leads/5") }.to raise_error(KrayinSync::ApiError, &:request_id)
      end
      expect(heads[1]).to match(/^x-request-id: mine-1\r$/i)
    end

    it "takes no place of what the gem sends, and brings no second line" do
      wrong = %w[Authorization authorization HOST Content-Length Transfer-Encoding Cookie Origin].map do |name|
        [name, "a"]
      end
      wrong += [["X-A", "b\r\nAuthorization: c"], ["X-A\r\nX-B", "c"], %W[X-A b\nc], ["X A", "b"], ["", "b"],
                ["X-A", "\0"], ["X-A:", "b"], ["X-A", "\xff"], %w[X-A é], ["X-A", "a" * 5000], ["X-A", "b\u2028c"],
                ["X-A", "b\u007F"], %w[É b], %W[X-A\r\nAuthorization b]]
      wrong += %w[Proxy-Authorization X-HTTP-Method-Override x-requested-WITH].map { |name| [name, "b"] }
      answering("200 OK") do |client, server|
        wrong.each do |name, value|
          [{ name => value }, ->(_) { { name => value } }].each do |given|
            KrayinSync.headers = given
            expect { client.get("leads/5") }.to raise_error(KrayinSync::ConfigurationError, /config\.headers/),
                                                [name, value].inspect
          end
        end
        [5, [1], ["X-A"], [%w[X-A b c]], "X-A: b", ->(_) { [nil] }].each do |given|
          KrayinSync.headers = given
          expect { client.get("leads/5") }.to raise_error(KrayinSync::ConfigurationError, /config\.headers must be/)
        end
        expect(server.requests).to be_empty
      end
    end
  end
end
