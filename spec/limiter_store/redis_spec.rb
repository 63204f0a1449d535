# frozen_string_literal: true

require_relative "../support/limiter_store"
require_relative "../support/redis_server"

RSpec.describe KrayinSync::LimiterStore::Redis do
  let(:redis) { Redis.new(url: RedisServer.url) }
  let(:store) { described_class.new { |command| redis.call(*command) } }
  let(:twin) { described_class.new { |command| Redis.new(url: RedisServer.url).call(*command) } }

  after(:all) { RedisServer.stop }

  it_behaves_like "a limiter's store"

  describe "under the core" do
    let(:krayin) { SimulatedKrayin.new("2.1.0", throttle: true) }
    let(:settings) { krayin.settings.merge("traits" => { "rate_headers" => true }) }
    let(:commands) { [] }

    before do
      KrayinSync.limiter_store = described_class.new do |command|
        commands.push(command) && redis.call(*command)
      end
    end

    after do
      KrayinSync.limiter_store = nil
      krayin.stop
    end

    def perform(contact, records)
      KrayinSync::ProcessorService.new(
        inbox: nil, hook: Struct.new(:settings).new(settings), event_name: "contact.updated",
        event_data: { contact: contact }, records: records
      ).perform
    end

    it "is asked twice for a new contact, and not at all for one that has not changed" do
      contact = { id: 5, name: "Jane Doe", email: "jane@example.com" }
      records = KrayinSync::Records::Memory.new
      requests = krayin.requests { expect(perform(contact, records)[:status]).to eq("synced") }
      expect([requests.size, commands.size]).to eq([2, 2])
      commands.clear
      expect(krayin.requests { perform(contact, records) }).to be_empty
      expect(commands).to be_empty
    end

    it "has what was reserved and not sent back" do
      records = KrayinSync::Records::Memory.new
      client = KrayinSync::Api::BaseClient.new(krayin.url, SimulatedKrayin::TOKEN, traits: { rate_headers: true })
      requests = krayin.requests do
        29.times { |n| perform({ id: n + 1, name: "Jane", email: "jane#{n}@example.com" }, records) }
        perform({ id: 1, name: "Janet", email: "jane0@example.com" }, records)
        2.times { client.get("get") }
      rescue KrayinSync::RateLimitError => e
        expect(e.response).to be_nil
      end
      expect(requests.size).to eq(60)
    end
  end
end
