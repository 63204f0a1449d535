# frozen_string_literal: true

require "active_support"
require "active_support/notifications"
require "webmock"

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
    WebMock.enable!
    WebMock.disable_net_connect!
    note = ->(name, *, payload) { told << [name, payload.to_s] }
    ActiveSupport::Notifications.subscribed(note, /krayin_sync/) { example.run }
  ensure
    WebMock.reset!
    WebMock.allow_net_connect!
    WebMock.disable!
    KrayinSync.logger = KrayinSync.retry_base = nil
  end

  def perform(settings: self.settings, event: "contact.created", records: nil)
    hook = Struct.new(:app_id, :settings).new("krayin", settings)
    KrayinSync::ProcessorService.new(inbox: nil, hook: hook, event_name: event, records: records,
                                     event_data: { contact: contact }).perform
    nil
  rescue StandardError => e
    e
  end

  def expect_private(error)
    shown = [error.message, error.inspect, error.full_message(highlight: false), error.backtrace.join, log.string, told]
    shown << error.response.inspect if error.respond_to?(:response)
    expect(shown.join("\n")).not_to match(/sesame|zebedee|private\.example|5550182|415%555/i)
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

  it "is private when nothing was sent" do
    WebMock.allow_net_connect!
    errors = [
      perform(settings: settings.merge("api_url" => "http://127.0.0.1:1")),
      perform(settings: settings.merge("api_token" => "sesame 1")),
      perform(settings: settings.merge("sync_messages" => "zebedee@private.example")),
      perform(settings: settings.merge("api_url" => "https://zebedee:sesame@private.example")),
      perform(event: "contact.zebedee@private.example")
    ]
    classes = [KrayinSync::UnavailableError, *[KrayinSync::ConfigurationError] * 3, KrayinSync::EventError]
    expect(errors.map(&:class)).to eq(classes)
    errors.each { |error| expect(error.message).not_to match(/sesame|zebedee/i) }
    log.string = ""
    panic = -> { KrayinSync::Native.panic(:here) }
    expect(&panic).to raise_error(KrayinSync::InternalError) { |error| expect_private(error) }
  end

  it "is private in every inspect" do
    client = KrayinSync::Api::PersonClient.new(url, token)
    objects = [client, client.session, KrayinSync::PersonFinderService.new(person_client: client, contact: 1),
               KrayinSync::SetupService.new(inbox: nil, api_url: url, api_token: token)]
    objects.each { |object| expect(object.inspect).not_to include("sesame") }
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
