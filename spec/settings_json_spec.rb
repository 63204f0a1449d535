# frozen_string_literal: true

RSpec.describe "settings that come again" do
  def session(settings) = KrayinSync::Session.new(settings)

  def json(settings) = session(settings).settings_json

  let(:settings) do
    { api_url: "https://crm.example.com", api_token: +"1|a", "traits" => { "pipelines" => [{ "id" => 1 }] } }
  end

  it "are written once" do
    expect(json(settings)).to equal(json(Marshal.load(Marshal.dump(settings))))
  end

  it "are written anew when any of them was changed, in place too" do
    before = json(settings)
    settings["traits"]["pipelines"] << { "id" => 2 }
    settings[:api_token] << "b"
    said = ->(text) { JSON.parse(text).then { |read| [read["api_token"], read["traits"]["pipelines"].size] } }
    expect(said.call(json(settings))).to eq(["1|ab", 2])
    expect(said.call(before)).to eq(["1|a", 1])
  end

  it "are not taken for those that another kind of value, or the installation, makes different" do
    written = [1, 1.5, "1", true, nil].map { |value| json(settings.merge("note" => value)) }
    expect(written.uniq.size).to eq(5)
    before = json(settings)
    hosts = KrayinSync.allowed_hosts
    KrayinSync.allowed_hosts = ["another.internal"]
    expect(JSON.parse(json(settings))["allowed_hosts"]).to eq(["another.internal"])
    expect(JSON.parse(before)["allowed_hosts"]).to eq(hosts)
  ensure
    KrayinSync.allowed_hosts = hosts
  end

  it "are refused as often as they come" do
    2.times { expect { session(settings.merge(api_url: "nowhere")) }.to raise_error(KrayinSync::ConfigurationError) }
  end

  it "may hold what cannot be copied" do
    2.times { expect(json(settings.merge(extra: -> {}))).to include("crm.example.com") }
  end
end
