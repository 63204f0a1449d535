# frozen_string_literal: true

require "active_support"
require "active_support/notifications"
require "webmock"
require_relative "support/open_telemetry_double"

# A token, an e-mail address, a phone number and a name go into every failure; none of them may come out anywhere.
RSpec.describe "what is told of failures" do
  include WebMock::API

  let(:url) { "https://crm.example.com/api/v1" }
  let(:token) { "7|sesame0123456789" }
  let(:contact) { { id: 7, name: "Zebedee", email: "zebedee@private.example", phone_number: "+14155550182" } }
  let(:settings) { { "api_url" => url, "api_token" => token, "default_stage_id" => 1, "sync_messages" => false } }
  let(:log) { StringIO.new }
  let(:told) { [] }
  let(:body) { JSON.generate(message: "zebedee@private.example", errors: { "emails.0.value" => ["Zebedee: taken"] }) }

  around do |example|
    KrayinSync.retry_base = 0
    KrayinSync.logger = Logger.new(log)
    # A host's keeps of one example what the next one has left of a minute.
    limiter_store = KrayinSync.limiter_store
    KrayinSync.limiter_store = nil
    WebMock.enable!
    WebMock.disable_net_connect!
    note = ->(name, *, payload) { told << [name, payload.to_s] }
    ActiveSupport::Notifications.subscribed(note, /krayin_sync/) { example.run }
  ensure
    WebMock.reset!
    WebMock.allow_net_connect!
    WebMock.disable!
    KrayinSync.logger = KrayinSync.retry_base = nil
    KrayinSync.limiter_store = limiter_store
  end

  before do
    stub_const("OpenTelemetry", OpenTelemetryDouble)
    OpenTelemetryDouble.tracer_provider.tracer.spans.clear
    KrayinSync.metrics = KrayinSync::Metrics.new
  end

  after { KrayinSync.metrics = nil }

  def perform(settings: self.settings, event: "contact.created", records: nil, data: { contact: contact })
    hook = Struct.new(:app_id, :settings).new("krayin", settings)
    KrayinSync::ProcessorService.new(inbox: nil, hook: hook, event_name: event, records: records,
                                     event_data: data).perform
    nil
  rescue StandardError => e
    e
  end

  def traced
    spans = OpenTelemetryDouble.tracer_provider.tracer.spans
    spans.map { |span| [span.name, span.attributes, span.status&.description].to_s }.join
  end

  def expect_private(error)
    shown = [error.message, error.inspect, error.full_message(highlight: false), error.backtrace.join, log.string, told]
    shown << error.response.inspect if error.respond_to?(:response)
    shown << error.to_json << KrayinSync.metrics.to_prometheus
    shown << error.detailed_message if error.respond_to?(:detailed_message)
    shown << traced
    expect(shown.flatten.map(&:b).join("\n")).not_to match(/sesame|zebedee|private\.example|5550182|415%555/i)
  end

  answers = {
    401 => KrayinSync::AuthenticationError, 403 => KrayinSync::PermissionError,
    404 => KrayinSync::UnexpectedResponseError, 422 => KrayinSync::ConflictError,
    429 => KrayinSync::RateLimitError, 500 => KrayinSync::ApiError,
    502 => KrayinSync::UnavailableError, 503 => KrayinSync::UnavailableError, 302 => KrayinSync::UnexpectedResponseError
  }
  answers.each do |status, error_class|
    it "is private when Krayin answers #{status}" do
      stub_request(:any, /crm\.example\.com/)
        .to_return(status: status, body: body, headers: { "Content-Type" => "application/json", "Location" => "/x" })
      error = perform
      expect(error).to be_a(error_class)
      expect(log.string).to include("Failed to process contact 7")
      expect_private(error)
    end
  end

  it "is private when a record is missing or a field is refused" do
    persons = KrayinSync::Api::PersonClient.new(url, token)
    stub_request(:get, /persons/).to_return(status: 404, body: "{}", headers: { "X-RateLimit-Limit" => "60" })
    expect { persons.get_person(5) }.to raise_error(KrayinSync::NotFoundError) { |error| expect_private(error) }
    invalid = JSON.generate(message: "Zebedee", errors: { "emails.0.value" => ["must be a valid email address"] })
    stub_request(:post, /persons/).to_return(status: 422, body: invalid)
    create = -> { persons.create_person(contact) }
    expect(&create).to raise_error(KrayinSync::ValidationError) { |error| expect_private(error) }
  end

  it "is private when the answer is none of Krayin's, or late" do
    ["<html>zebedee@private.example", "[]", '"sesame"', ""].each do |answer|
      stub_request(:any, /crm\.example\.com/).to_return(status: 200, body: answer)
      error = perform
      expect_private(error) if error
    end
    stub_request(:any, /crm\.example\.com/).to_timeout
    error = perform
    expect(error).to be_a(KrayinSync::TimeoutError)
    expect_private(error)
  end

  unsent = {
    "the token" => { "api_token" => "sesame 1" }, "a toggle" => { "sync_messages" => "zebedee@private.example" },
    "an id" => { "default_stage_id" => "zebedee@private.example" }, "the dialect" => { "api_dialect" => "zebedee" },
    "the address, with a user," => { "api_url" => "https://zebedee:sesame@private.example" },
    "the address, with a query," => { "api_url" => "https://crm.example.com/?token=sesame" },
    "the address, with neither scheme nor host," => { "api_url" => "zebedee@private.example" }
  }
  unsent.each do |name, setting|
    it "is private when #{name} cannot be used" do
      error = perform(settings: settings.merge(setting))
      expect(error).to be_a(KrayinSync::ConfigurationError)
      expect_private(error)
    end
  end

  it "is private when the settings are no hash" do
    error = perform(settings: "sesame")
    expect(error).to be_a(KrayinSync::ConfigurationError)
    expect_private(error)
  end

  %w[contact.zebedee@private.example zebedee zebedee.private +14155550182].each do |event|
    it "is private when the event is called #{event}" do
      error = perform(event: event)
      expect(error).to be_a(KrayinSync::EventError)
      expect(told.to_s).to include("unknown")
      expect_private(error)
    end
  end

  it "is private when the event's data cannot be used" do
    [{ contact: "zebedee@private.example" }, { contact: contact.merge(id: "zebedee") }, "sesame"].each do |data|
      error = perform(data: data)
      expect(error).to be_a(KrayinSync::EventError)
      expect_private(error)
    end
  end

  it "tells every known event by its name" do
    names = perform(event: "none").message[/Known are (.*?), with/, 1].split(/, | and /)
    expect(names.size).to eq(12)
    expect(names.flat_map { |name| [name, name.tr(".", "_")] }).to all(match(KrayinSync::ProcessorService::EVENT))
    # Nor does it take one for an event that the core does not.
    told = KrayinSync::ProcessorService::EVENT.source.gsub(/\s/, "").scan(/(\w+)\[\._\]\(\?:([\w|]+)\)/)
    expect(told.flat_map { |kind, ends| ends.split("|").map { |verb| "#{kind}.#{verb}" } }).to match_array(names)
  end

  it "is private when the records fail" do
    broken = Struct.new(:kept) do
      def load(*) = kept || raise(IOError, "no store")
      def store(*) = raise(IOError, "no store")
    end
    error = perform(records: broken.new("zebedee@private.example"))
    expect(error).to be_a(KrayinSync::RecordsError)
    expect_private(error)
    error = perform(records: broken.new)
    expect([error.class, error.message]).to eq([IOError, "no store"])
    expect_private(error)
  end

  json = "Content-Type: application/json\r\nConnection: close\r\n"
  wire = {
    "no HTTP" => ["zebedee@private.example\r\n\r\n", KrayinSync::UnavailableError],
    "no status" => ["HTTP/1.1 zebedee\r\n\r\n", KrayinSync::UnavailableError],
    "cut short" => ["HTTP/1.1 200 OK\r\nContent-Length: 99\r\n#{json}\r\n{\"zebedee", KrayinSync::UnavailableError],
    "a page" => ["HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<p>zebedee sesame", KrayinSync::UnexpectedResponseError],
    "elsewhere" => ["HTTP/1.1 302 Found\r\nLocation: http://zebedee:sesame@private.example\r\n#{json}\r\n",
                    KrayinSync::UnexpectedResponseError],
    "of another shape" => ["HTTP/1.1 200 OK\r\n#{json}\r\n{\"data\": {\"id\": \"zebedee\"}}",
                           KrayinSync::UnexpectedResponseError],
    "busy, in odd words" => ["HTTP/1.1 503 zebedee\r\n#{json}\r\n", KrayinSync::UnavailableError],
    "throttled, in odd words" => ["HTTP/1.1 429 X\r\nRetry-After: zebedee\r\n#{json}\r\n", KrayinSync::RateLimitError],
    "late" => [nil, KrayinSync::TimeoutError]
  }
  wire.each do |name, (text, error_class)|
    it "is private when the answer on the wire is #{name}" do
      WebMock.disable!
      server = RawServer.new { text }
      error = perform(settings: settings.merge("api_url" => server.url, "attempt_timeout" => 0.3))
      expect(error).to be_a(error_class)
      expect(server.requests).not_to be_empty
      expect_private(error)
    ensure
      server.stop
    end
  end

  it "is private when nobody listens" do
    WebMock.disable!
    port = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
    error = perform(settings: settings.merge("api_url" => "http://127.0.0.1:#{port}"))
    expect(error).to be_a(KrayinSync::UnavailableError)
    expect_private(error)
  end

  it "is private when a path holds what it should not" do
    stub_request(:any, /crm\.example\.com/).to_return(status: 503, body: body)
    client = KrayinSync::Api::BaseClient.new(url, token)
    %w[leads/zebedee@private.example contacts/persons/+14155550182 leads&email=zebedee@private.example].each do |path|
      expect { client.get(path, email: "zebedee@private.example") }
        .to raise_error(KrayinSync::UnavailableError) { |error| expect_private(error) }
    end
    expect(told.size).to eq(9)
    expect { client.get("leads?email=zebedee@private.example") }
      .to raise_error(ArgumentError) { |error| expect_private(error) }
  end

  it "is private when the core panics" do
    panic = -> { KrayinSync::Native.panic(:here) }
    expect(&panic).to raise_error(KrayinSync::InternalError) { |error| expect_private(error) }
  end

  it "is private when a refusal names values where fields should stand" do
    names = { "zebedee@private.example" => ["taken"], "+14155550182" => ["taken"], "emails.0.value" => ["taken"] }
    stub_request(:any, /crm\.example\.com/).to_return(status: 422, body: JSON.generate(errors: names))
    error = perform
    expect(error).to be_a(KrayinSync::ConflictError)
    expect(error.message).to include("emails.0.value", "an unnamed field")
    expect_private(error)
  end

  it "is private in every inspect" do
    client = KrayinSync::Api::PersonClient.new(url, token)
    objects = [client, client.session, KrayinSync::PersonFinderService.new(person_client: client, contact: contact),
               KrayinSync::SetupService.new(inbox: nil, api_url: url, api_token: token)]
    event = { event_name: "zebedee@private.example", event_data: { contact: contact } }
    hook = Struct.new(:settings).new(settings)
    objects << KrayinSync::ProcessorService.new(inbox: nil, hook: hook, **event) << KrayinSync::Mappers::ContactMapper
    objects << KrayinSync::Records::Memory.new("contact:7" => "zebedee") << KrayinSync::Response.new(200, {}, "zebedee")
    leads = KrayinSync::Api::LeadClient.new(url, token)
    objects << KrayinSync::LeadFinderService.new(lead_client: leads, contact: contact, person_id: 1, settings: {})
    objects << KrayinSync::Mappers::ContactMapper.new(contact)
    objects << KrayinSync::SnapshotRecord.new({ "name" => "Zebedee" })
    objects.each { |object| expect(object.inspect).not_to match(/sesame|zebedee/i) }
  end

  it "is private as JSON, ActiveSupport's too" do
    script = <<~'RUBY'
      require "active_support"
      require "active_support/json"
      url, token = "https://crm.example.com", "7|sesame0123456789"
      hook = Struct.new(:settings).new({ "api_url" => url, "api_token" => token })
      contact = { id: 7, name: "Zebedee" }
      persons = KrayinSync::Api::PersonClient.new(url, token)
      leads = KrayinSync::Api::LeadClient.new(url, token)
      answer = KrayinSync::Response.new(422, { "x" => "zebedee" }, "zebedee")
      objects = [
        persons, persons.session, KrayinSync.configuration, KrayinSync::Doctor.new(url, token), answer,
        KrayinSync::SetupService.new(api_url: url, api_token: token, hook: hook),
        KrayinSync::ProcessorService.new(hook: hook, event_name: "zebedee", event_data: { contact: contact }),
        KrayinSync::PersonFinderService.new(person_client: persons, contact: contact),
        KrayinSync::LeadFinderService.new(lead_client: leads, contact: contact, person_id: 1, settings: {}),
        KrayinSync::Records::Memory.new("contact:7" => "zebedee"), KrayinSync::Metrics.new,
        KrayinSync::Metrics::Endpoint.new(token: "sesame0123456789"), KrayinSync::Mappers::ContactMapper.new(contact),
        KrayinSync::SnapshotRecord.new({ "name" => "Zebedee" }),
        KrayinSync::ValidationError.new("m", 422, answer, errors: { "emails" => ["zebedee"] })
      ]
      objects.each { |object| puts object.to_json, JSON.generate([object]), ActiveSupport::JSON.encode(a: object) }
    RUBY
    output, status = Child.run(script)
    expect(status).to be_success, output
    expect(output.lines.size).to eq(45)
    expect(output).not_to match(/sesame|zebedee/i)
  end

  it "costs nothing when the logger itself fails" do
    KrayinSync.logger = Class.new { def method_missing(*) = raise(IOError) }.new # rubocop:disable Style/MissingRespondToMissing
    stub_request(:any, /crm\.example\.com/).to_return(status: 503, body: "{}")
    expect(perform).to be_a(KrayinSync::UnavailableError)
  end

  it "lets no hook say where the token may go" do
    hooked = settings.merge("api_url" => "https://10.0.0.1", "allowed_hosts" => ["*"])
    expect(perform(settings: hooked)).to be_a(KrayinSync::ConfigurationError)
    KrayinSync.allowed_hosts = ["10.0.0.1"]
    stub_request(:any, /10\.0\.0\.1/).to_return(status: 401, body: "{}")
    expect(perform(settings: hooked)).to be_a(KrayinSync::AuthenticationError)
  ensure
    KrayinSync.allowed_hosts = []
  end
end
