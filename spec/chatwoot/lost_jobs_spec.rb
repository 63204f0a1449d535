# frozen_string_literal: true

require_relative "support/small_chatwoot"

# Nobody's Sidekiq runs here: what comes into a queue was pushed by a look.
RSpec.describe "What a process of Sidekiq's took with it", :chatwoot do
  before(:context) { SmallChatwoot.start }
  before { Sidekiq.redis { |redis| redis.call("FLUSHDB") } }
  after { Sidekiq.redis { |redis| redis.call("FLUSHDB") } }

  let(:redis) { KrayinSync::Chatwoot::RedisStore }
  let(:registry) { KrayinSync::Chatwoot::JobRegistry }
  let(:sweep) { KrayinSync::Chatwoot::Sweep }
  let(:queue) { Sidekiq::Queue.new(KrayinSync::Chatwoot.configuration.queue) }

  def record(id) = KrayinSync::Chatwoot::RecordRef.new(9, "contact", id)

  # @param seconds [Integer] since it was seen
  def gone(seconds)
    redis.call("HSET", redis.key("processes"), "machine:1:gone", redis.call("TIME").first.to_i - seconds)
  end

  # @return [String] its next try, as Sidekiq keeps it
  def tried(id, jid)
    registry.start(record(id).to_s, jid: jid)
    registry.fail(record(id).to_s, jid)
    JSON.generate("class" => "KrayinSync::Chatwoot::EventJob", "jid" => jid, "args" => [{ "id" => id }])
  end

  def pushed = queue.select { |job| job.klass.end_with?("EventJob") }.map { |job| job.args.first["id"] }

  it "is tried again where that is in no place of Sidekiq's; what is there stays" do
    tried(1, "a" * 24)
    redis.call("ZADD", "retry", Time.now.to_f + 60, tried(2, "b" * 24))
    redis.call("LPUSH", "queue:#{queue.name}", tried(3, "c" * 24))
    tried(4, "d" * 24)
    registry.start(record(4).to_s, jid: "d" * 24)
    gone(70)
    2.times { sweep.recover }
    expect(pushed).to contain_exactly(1, 3)
    expect(registry.sizes).to include("failing" => 3)
  end

  it "is tried again by the sweep where nobody came to know of the death" do
    tried(1, "a" * 24)
    tried(2, "b" * 24)
    long_ago = Time.now.to_i - KrayinSync::Chatwoot.configuration.lost_after - 60
    redis.call("HSET", redis.key("failing"), record(2).to_s, "#{"b" * 24} 1 #{long_ago}")
    sweep.new(since: 1.minute.ago, hooks: Integrations::Hook.none).run
    expect(pushed).to eq([2])
  end

  def swept = queue.select { |job| job.klass.end_with?("SweepJob") }.map { |job| job.args.first["seconds"] }

  it "is looked for as far back as it was seen, be nobody there for hours" do
    gone(3 * 3600)
    2.times { sweep.recover }
    expect(swept).to contain_exactly(be_between((3 * 3600) + 600, (3 * 3600) + 660))
    expect(redis.call("TTL", redis.key("processes"))).to eq(-1)
  end

  it "is looked for where an earlier version had noted the process" do
    redis.call("HSET", redis.key("processes"), "machine:1:gone", "1")
    sweep.recover
    expect(swept).to eq([600])
  end
end
