# frozen_string_literal: true

begin
  require "vcr"
rescue LoadError
  return # Debian 13 has none
end
require "tmpdir"
require "webmock"

RSpec.describe "VCR" do
  it "records once and replays without a server" do
    WebMock.enable!
    Dir.mktmpdir do |folder|
      VCR.configure do |config|
        config.cassette_library_dir = folder
        config.hook_into :webmock
        config.filter_sensitive_data("<TOKEN>") { SimulatedKrayin::TOKEN }
      end
      krayin = SimulatedKrayin.new("2.1.0")
      client = KrayinSync::Api::BaseClient.new(krayin.url, SimulatedKrayin::TOKEN)
      recorded = VCR.use_cassette("get") { client.get("get") }
      krayin.stop
      expect(VCR.use_cassette("get") { client.get("get") }).to eq(recorded)
      cassette = File.read("#{folder}/get.yml")
      expect(cassette).to include("Bearer <TOKEN>")
      expect(cassette).not_to include(SimulatedKrayin::TOKEN)
    end
  ensure
    VCR.turn_off!
    WebMock.reset!
    WebMock.allow_net_connect!
    WebMock.disable!
  end
end
