# frozen_string_literal: true

require "webmock"
require "webmock/rspec/matchers"

RSpec.describe "WebMock" do
  include WebMock::API
  include WebMock::Matchers

  let(:url) { "https://crm.example.com/api/v1" }
  let(:client) { KrayinSync::Api::BaseClient.new(url, "1|secret") }
  let(:json) { { "Content-Type" => "application/json" } }

  # What a Ruby prints that has nothing loaded yet.
  def alone(script)
    helpers = 'def load_it = require("krayin_sync"); def client = KrayinSync::Api::BaseClient.new(*ARGV);'
    command = [RbConfig.ruby, "-W0", "-I", Child::LIB, "-e", helpers + script, url, "1|a"]
    Open3.capture2e(*command, stdin_data: "")[0]
  end

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
    stub_request(:get, "#{url}/get").to_raise(RuntimeError.new("on purpose"))
    expect { client.get("get") }.to raise_error(RuntimeError, "on purpose")
  end

  # What is raised in the network's place: class, attempts of a GET, what is known of it, attempts of a POST.
  {
    Errno::ECONNREFUSED => [:UnavailableError, 3, :no, 3], Errno::EHOSTUNREACH => [:UnavailableError, 3, :no, 3],
    Errno::ENETUNREACH => [:UnavailableError, 3, :no, 3], Errno::ETIMEDOUT => [:UnavailableError, 3, :no, 3],
    SocketError => [:UnavailableError, 3, :no, 3], Net::OpenTimeout => [:UnavailableError, 3, :no, 3],
    Errno::ECONNRESET => [:UnavailableError, 3, :unknown, 1], Errno::EPIPE => [:UnavailableError, 3, :unknown, 1],
    EOFError => [:UnavailableError, 3, :unknown, 1], IOError => [:UnavailableError, 3, :unknown, 1],
    Net::HTTPBadResponse => [:UnavailableError, 3, :unknown, 1], Net::ReadTimeout => [:TimeoutError, 3, :unknown, 1],
    Net::WriteTimeout => [:TimeoutError, 3, :unknown, 1], Timeout::Error => [:TimeoutError, 3, :unknown, 1],
    OpenSSL::SSL::SSLError => [:UnexpectedResponseError, 1, :no, 1]
  }.each do |raised, (kind, attempts, executed, posts)|
    it "takes #{raised} for what the network does" do
      expected = KrayinSync.const_get(kind)
      stub = stub_request(:any, %r{#{url}/}).to_raise(raised)
      expect { client.get("get") }.to raise_error(expected) { |error|
        expect(error).to have_attributes(code: nil, response: nil, attempts: attempts, executed: executed)
      }
      expect(stub).to have_been_requested.times(attempts)
      WebMock.reset_executed_requests!
      expect { client.post("leads", title: "x") }.to raise_error(expected) { |error|
        expect(error.executed).to eq(executed)
      }
      expect(stub).to have_been_requested.times(posts)
      next if attempts == 1

      passing = stub_request(:get, "#{url}/leads/5").to_raise(raised).then.to_return(body: '{"data": {"id": 5}}')
      expect(client.get("leads/5")).to eq("data" => { "id" => 5 })
      expect(passing).to have_been_requested.twice
    end
  end

  it "times a POST out as one that may have run" do
    stub = stub_request(:post, "#{url}/leads").to_timeout
    expect { client.post("leads", title: "x") }.to raise_error(KrayinSync::TimeoutError) { |error|
      expect(error.executed).to eq(:unknown)
    }
    expect(stub).to have_been_requested.once
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

  it "matches a query in any order, a body by its JSON, headers by any spelling, and whatever a block says" do
    stub_request(:get, "#{url}/leads?name=Jane%20Doe&limit=1").to_return(body: "{}")
    expect(client.get("leads", limit: 1, name: "Jane Doe")).to eq({})
    stub_request(:post, "#{url}/leads").with(body: { a: "1", b: [1, { c: "é" }] }).to_return(body: '{"data": 1}')
    expect(client.post("leads", b: [1, { c: "é" }], a: "1")).to eq("data" => 1)
    stub_request(:put, "#{url}/leads").with(body: '{"a":1}', headers: { "content-TYPE" => %r{\Aapplication/json} })
                                      .to_return(body: '{"data": 2}')
    expect(client.put("leads", a: 1)).to eq("data" => 2)
    stub_request(:delete, %r{/leads/\d+\z}).with { |request| request.headers["Authorization"].end_with?("secret") }
                                           .to_return(status: 204)
    expect(client.delete("leads/5")).to be_nil
    expect { client.post("leads", a: "2") }.to raise_error(WebMock::NetConnectNotAllowedError)
  end

  it "answers with blocks, errors and in turn" do
    stub_request(:get, "#{url}/get").to_return(body: ->(request) { JSON.generate(data: request.method) })
    expect(client.get("get")).to eq("data" => "get")
    in_turn = stub_request(:get, "#{url}/leads")
    in_turn.to_return(status: [503, "Busy"]).times(2).then.to_return(body: '{"a": 3}')
    expect([client.get("leads"), client.get("leads")]).to eq([{ "a" => 3 }] * 2)
    expect(in_turn).to have_been_requested.times(4)
    stub_request(:get, "#{url}/get").to_raise(ZeroDivisionError)
    expect { client.get("get") }.to raise_error(ZeroDivisionError, "Exception from WebMock")
  end

  it "forgets what was sent and stubbed" do
    stub_request(:any, /example/).to_return(body: "{}")
    client.get("get")
    assert_requested(:get, "#{url}/get", times: 1)
    WebMock.reset_executed_requests!
    assert_not_requested(:any, /example/)
    WebMock.reset!
    expect { client.get("get") }.to raise_error(WebMock::NetConnectNotAllowedError)
  end

  it "tells callbacks of stubs, but for those that want none of this library" do
    heard = []
    stub_request(:get, "#{url}/get").to_return(status: 200, body: "{}")
    WebMock.after_request { |request, answer| heard << [request.uri.path, answer.status[0]] }
    WebMock.after_request(except: [:krayin_sync]) { heard << :wrong }
    WebMock.after_request(real_requests_only: true) { heard << :wrong }
    client.get("get")
    expect(heard).to eq([["/api/v1/get", 200]])
  ensure
    WebMock::CallbackRegistry.reset
  end

  it "raises a refused connection through an event" do
    settings = { "api_url" => url, "api_token" => "1|secret", "default_stage_id" => 1 }
    service = KrayinSync::ProcessorService.new(
      inbox: nil, hook: Struct.new(:app_id, :settings).new("krayin", settings), event_name: "contact.created",
      event_data: { contact: { id: 1, name: "Jane", email: "jane@example.com" } }
    )
    expect { service.perform }.to raise_error(WebMock::NetConnectNotAllowedError)
  end

  it "is out of the way when it is off" do
    krayin = SimulatedKrayin.of("2.1.0")
    WebMock.disable!
    real = KrayinSync::Api::BaseClient.new(krayin.url, SimulatedKrayin::TOKEN)
    expect(real.session.transport).to be_nil
    expect(real.get("get")["data"]).to include("id" => 2)
    WebMock.enable!
    expect { real.get("get") }.to raise_error(WebMock::NetConnectNotAllowedError)
    WebMock.allow_net_connect!
    expect(real.get("get")["data"]).to include("id" => 2)
    2.times { WebMock.disable! }
    expect(real.session.transport).to be_nil
    2.times { WebMock.enable! }
    expect(real.session.transport).not_to be_nil
  end

  {
    "before" => 'require "webmock"; load_it; WebMock.enable!',
    "after" => 'load_it; require "webmock"; WebMock.enable!',
    "by name" => 'load_it; require "krayin_sync/webmock"; WebMock.enable!',
    "after it was turned on" => 'require "webmock"; WebMock.enable!; load_it'
  }.each do |order, script|
    it "is there when WebMock is loaded #{order}" do
      expect(alone("#{script}; p client.session.transport.class")).to eq("KrayinSync::WebMockTransport\n")
    end
  end

  it "is left out where WebMock is told so, and off while WebMock is" do
    script = 'require "webmock"; load_it; WebMock.enable!(except: [:krayin_sync]); p client.session.transport'
    expect(alone(script)).to eq("nil\n")
    expect(alone('load_it; require "webmock"; p client.session.transport')).to eq("nil\n")
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
