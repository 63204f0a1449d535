# frozen_string_literal: true

require "webmock"
require_relative "support/simulated_krayin"

RSpec.describe KrayinSync::Extensions do
  # The example: marks what it brings over, and times the calls of an event.
  let(:tracing) do
    Class.new do
      attr_reader :calls, :outcomes

      def initialize
        @calls = []
        @outcomes = []
      end

      def before_mapping(_event, data)
        data["contact"]["additional_attributes"] = { "description" => "by trace 7" }
        data
      end

      def before_call(request) = request.headers["traceparent"] = "00-7"

      def after_call(request, status) = @calls << [request.request_method, request.path, status, request.headers.keys]

      def after_sync(event, outcome) = @outcomes << [event, outcome[:status], outcome[:created]]
    end.new
  end

  let(:extensions) { KrayinSync.configuration.extensions }

  around do |example|
    example.run
  ensure
    extensions.clear
    WebMock.reset!
    WebMock.disable!
  end

  let(:krayin) { SimulatedKrayin.new("2.1.0") }
  after { krayin.stop }

  def perform(id: 7)
    hook = Struct.new(:settings).new({ "api_url" => krayin.url, "api_token" => SimulatedKrayin::TOKEN })
    KrayinSync::SetupService.new(hook: hook, api_url: krayin.url, api_token: SimulatedKrayin::TOKEN, cache: nil).perform
    extensions.add(tracing)
    contact = { id: id, name: "Jane Doe", email: "jane@example.com" }
    KrayinSync::ProcessorService.new(hook: hook, event_name: "contact.created", event_data: { contact: contact },
                                     records: KrayinSync::Records::Memory.new).perform
  end

  it "stand before the mapping, around each call and after the sync" do
    outcome = perform
    expect(outcome).to include(status: "synced", requests: 2)
    expect(tracing.calls.map { |method, _, status, _| [method, status] }).to eq([["GET", 200], ["POST", 200]])
    expect(tracing.calls.map { |call| call[1] }).to all(match(%r{\A/api/v1/\w[\w/]*\z}))
    headers = tracing.calls.flat_map(&:last).map(&:downcase)
    expect(headers.include?("traceparent") && !headers.include?("authorization")).to be(true)
    expect(tracing.outcomes).to eq([["contact.created", "synced", %w[person lead]]])
    lead = KrayinSync::Api::LeadClient.new(krayin.url, SimulatedKrayin::TOKEN).get_lead(outcome[:ids][:lead])
    expect(lead["description"]).to eq("by trace 7")
  end

  it "hear of an attempt that got no answer" do
    extensions.add(tracing)
    client = KrayinSync::Api::PersonClient.new("http://127.0.0.1:1", "1|x", deadline: 1)
    expect { client.get_person(1) }.to raise_error(KrayinSync::UnavailableError)
    expect(tracing.calls).not_to be_empty
    expect(tracing.calls.map { |call| call[2] }.uniq).to eq([nil])
  end

  it "stand before stubs too" do
    WebMock.enable!
    extensions.add(tracing)
    WebMock.stub_request(:get, "https://crm.example.com/api/v1/leads/5")
           .with(headers: { "Traceparent" => "00-7", "Authorization" => "Bearer 1|x" })
           .to_return(status: 200, body: '{"data": {"id": 5}}')
    expect(KrayinSync::Api::LeadClient.new("https://crm.example.com", "1|x").get_lead(5)["id"]).to eq(5)
    expect(tracing.calls.map { |call| call[2] }).to eq([200])
  end

  it "end an event before anything is sent, and cannot undo what was done" do
    refusing = Class.new { def before_mapping(*) = raise(ArgumentError, "not this one") }.new
    extensions.add(refusing)
    expect do
      perform
    end.to raise_error(KrayinSync::ExtensionError, /before_mapping: ArgumentError: not this one/) { |error|
             expect(error.cause).to be_a(ArgumentError)
           }
    expect(extensions.remove(refusing)).to be(refusing)
    def tracing.after_sync(*) = raise("too late")
    extensions.clear
    expect(perform(id: 8)).to include(status: "synced")
  end

  it "are asked for one step at least" do
    expect { extensions.add(Object.new) }.to raise_error(ArgumentError, /before_mapping/)
  end
end
