# frozen_string_literal: true

require "webmock"
require "webmock/rspec/matchers"

RSpec.describe "WebMock" do
  include WebMock::API
  include WebMock::Matchers

  let(:url) { "https://crm.example.com/api/v1" }
  let(:client) { KrayinSync::Api::BaseClient.new(url, "1|secret") }
  let(:json) { { "Content-Type" => "application/json" } }

  before do
    KrayinSync.retry_base = 0
    WebMock.enable!
    WebMock.disable_net_connect!
  end

  after do
    WebMock.reset!
    WebMock.allow_net_connect!
    WebMock.disable!
    KrayinSync.retry_base = nil
  end

  it "answers by its stubs and counts" do
    stub = stub_request(:get, "#{url}/settings/sources").with(query: { "name" => "Web", "limit" => "1" })
                                                        .to_return(body: '{"data": [{"id": 5}]}', headers: json)
    expect(client.get("settings/sources", limit: 1, name: "Web")).to eq("data" => [{ "id" => 5 }])
    expect(stub).to have_been_requested.once
    headers = { "Authorization" => "Bearer 1|secret", "Accept" => "application/json" }
    expect(a_request(:get, %r{settings/sources}).with(headers: headers)).to have_been_made.once
    expect(a_request(:get, "#{url}/get")).not_to have_been_made
  end

  it "matches bodies as JSON, and answers by blocks" do
    stub_request(:post, "#{url}/contacts/persons").with(body: hash_including(name: "Jane")).to_return do |request|
      { status: 200, body: JSON.generate(data: { id: 1, name: JSON.parse(request.body)["name"] }), headers: json }
    end
    persons = KrayinSync::Api::PersonClient.new(url, "1|secret")
    expect(persons.create_person(name: "Jane", emails: [])).to include("id" => 1, "name" => "Jane")
    expect { persons.create_person(name: "Joe") }.to raise_error(WebMock::NetConnectNotAllowedError, /POST/)
  end

  it "exercises the real retries" do
    stub = stub_request(:get, "#{url}/leads/5").to_return({ status: 503 }, { status: 200, body: '{"data": {"id": 5}}' })
    expect(KrayinSync::Api::LeadClient.new(url, "1|secret").get_lead(5)).to include("id" => 5)
    expect(stub).to have_been_requested.twice
  end

  it "times out, and raises what it is told to" do
    late = stub_request(:get, "#{url}/get").to_timeout
    expect { client.get("get") }.to raise_error(KrayinSync::TimeoutError)
    expect(late).to have_been_requested.times(3)
    stub_request(:get, "#{url}/get").to_raise(IOError.new("on purpose"))
    expect { client.get("get") }.to raise_error(IOError, "on purpose")
  end

  it "refuses connections that are not allowed, and lets through those that are" do
    expect { client.get("get") }.to raise_error(WebMock::NetConnectNotAllowedError)
    krayin = SimulatedKrayin.of("2.1.0")
    WebMock.disable_net_connect!(allow_localhost: true)
    heard = []
    WebMock.after_request(real_requests_only: true) { |request, answer| heard << [request.uri.path, answer.status[0]] }
    real = KrayinSync::Api::BaseClient.new(krayin.url, SimulatedKrayin::TOKEN)
    expect(real.get("get")["data"]).to include("id" => 2)
    expect(heard).to eq([["/api/v1/get", 200]])
  ensure
    WebMock::CallbackRegistry.reset
  end

  it "is out of the way when it is off" do
    krayin = SimulatedKrayin.of("2.1.0")
    WebMock.disable!
    real = KrayinSync::Api::BaseClient.new(krayin.url, SimulatedKrayin::TOKEN)
    expect(real.session.transport).to be_nil
    expect(real.get("get")["data"]).to include("id" => 2)
    WebMock.enable!
    expect { real.get("get") }.to raise_error(WebMock::NetConnectNotAllowedError)
  end

  it "answers each of many threads" do
    stub_request(:get, %r{#{url}/leads/\d+}).to_return do |request|
      { status: 200, body: JSON.generate(data: { id: request.uri.path[/\d+\z/].to_i }) }
    end
    leads = KrayinSync::Api::LeadClient.new(url, "1|secret")
    found = (1..20).map { |id| Thread.new { leads.get_lead(id)["id"] } }.map(&:value)
    expect(found).to eq((1..20).to_a)
  end

  it "costs nothing where it is not loaded" do
    output, = Child.run("p KrayinSync::Api::BaseClient.new(*ARGV).session.transport, defined?(WebMock)", url, "1|a")
    expect(output).to eq("nil\nnil\n")
  end
end
