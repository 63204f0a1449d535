# frozen_string_literal: true

RSpec.describe KrayinSync::SetupService do
  let(:hook) { Struct.new(:app_id, :settings).new("krayin", { "sync_messages" => true }) }

  def connect(url, token = SimulatedKrayin::TOKEN)
    described_class.new(inbox: nil, hook: hook, api_url: url, api_token: token).perform
  end

  it "finds where new leads go, and keeps what the administrator chose" do
    krayin = SimulatedKrayin.of("2.1.0")
    found = nil
    expect(krayin.requests { found = connect(krayin.url) }.size).to eq(6)
    expect(found).to include("default_pipeline_id" => 1, "default_stage_id" => 1, "default_stage_name" => "New",
                             "default_source_name" => "Web", "api_dialect" => "rest_api")
    expect(found["traits"]).to include("no_phone" => "blank", "rate_headers" => true, "email_required" => true)
    expect(hook.settings).to include(found).and(include("sync_messages" => true, "api_token" => SimulatedKrayin::TOKEN))
  end

  it "takes an address with another ending, and tells one release from another" do
    krayin = SimulatedKrayin.of("2.2.3-official")
    found = connect(krayin.url.sub("/api/v1", "/api/admin"))
    expect(found).to include("api_url" => krayin.url)
    expect(found["traits"]).to include("no_phone" => "placeholder", "rate_headers" => false)
  end

  it "says what is wrong" do
    expect { connect(SimulatedKrayin.of("2.1.0").url, "1|wrong") }.to raise_error(KrayinSync::AuthenticationError)
    expect { connect("nowhere") }.to raise_error(KrayinSync::ConfigurationError)
    expect(hook.settings).to eq("sync_messages" => true)
  end

  it "keeps what it found for an hour, by address and token, without the token" do
    krayin = SimulatedKrayin.of("2.1.0")
    cache = Class.new do
      attr_reader :kept

      def fetch(key, expires_in:) = (@kept ||= {})[[key, expires_in]] ||= yield
    end.new
    connect = lambda do |token|
      described_class.new(inbox: nil, api_url: krayin.url, api_token: token, cache: cache).perform
    end
    expect(krayin.requests { 2.times { connect.call(SimulatedKrayin::TOKEN) } }.size).to eq(6)
    expect { connect.call("1|other") }.to raise_error(KrayinSync::AuthenticationError)
    expect(cache.kept.keys.map(&:last)).to eq([3600])
    expect(cache.kept.inspect).not_to include(SimulatedKrayin::TOKEN)
  end

  it "tells what is at stake for yes/no attributes, and what the setting says of them" do
    krayin = SimulatedKrayin.new("2.1.0")
    service = described_class.new(hook: hook, api_url: krayin.url, api_token: SimulatedKrayin::TOKEN, cache: nil)
    service.perform
    expect(service.warnings).to eq([])
    krayin.change("add_attribute", fields: { code: "vip", name: "VIP", type: "boolean", entity_type: "persons" })
    service.perform
    expect(service.warnings).to contain_exactly(/\(persons\.vip\).* on_yes_no is carry.*leave_out.*write_anyway/)
    hook.settings["on_yes_no"] = "write_anyway"
    service.perform
    expect(service.warnings).to contain_exactly(/they become no at each write/)
  ensure
    krayin&.stop
  end
end
