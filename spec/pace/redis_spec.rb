# frozen_string_literal: true

require_relative "../support/redis_server"

RSpec.describe KrayinSync::Pace::Redis do
  let(:redis) { Redis.new(url: RedisServer.url) }
  let(:pace) { described_class.new { |command| redis.call(*command) } }
  let(:server) { "server-#{rand(1 << 32)}" }

  after(:all) { RedisServer.stop }

  def take(urgency = "live", throttled: false) = pace.take(server, urgency, throttled)

  it "does not pace a server that tells of no limit" do
    100.times do
      granted, number = take
      expect(granted).to be(true)
      pace.learn(server, number, "nothing")
    end
  end

  it "gives sixty to one that is known to throttle, then says when to come back" do
    expect(60.times.map { take(throttled: true)[0] }).to all(be(true))
    expect(take(throttled: true)).to eq([false, 60.0])
  end

  it "gives what the server told is left, less what is on its way" do
    _, first = take
    _, second = take
    pace.learn(server, first, "counted", 60, 2)
    expect(take[0]).to be(true)
    expect(take).to match([false, be_between(59, 60)])
    pace.learn(server, second, "counted", 60, 1)
    expect(take[0]).to be(false)
  end

  it "leaves a quarter to live events" do
    _, number = take
    pace.learn(server, number, "counted", 60, 15)
    expect(take("bulk")[0]).to be(false)
    expect(take("live")[0]).to be(true)
  end

  it "keeps everybody back after a refusal, until its time" do
    _, number = take
    pace.learn(server, number, "spent", 0.2)
    expect(take).to match([false, be_between(0.01, 0.2)])
    sleep 0.25
    expect(take[0]).to be(true)
  end

  it "keeps two servers apart" do
    60.times { take(throttled: true) }
    expect(pace.take("another", "live", true)[0]).to be(true)
  end
end
