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

  it "lets what has time come due evenly" do
    _, number = take
    pace.learn(server, number, "counted", 60, 54)
    expect(take("bulk")[0]).to be(true)
    # Seven are spent, one more than the start: 39 come due in a minute.
    expect(take("bulk")).to match([false, be_between(1.4, 1.54)])
    expect(take("live")[0]).to be(true)
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

  it "tells of a late answer that may have been the next window's first" do
    late = take[1]
    number = take[1]
    pace.learn(server, number, "counted", 60, 0)
    shift(59.9)
    sleep 0.2
    pace.learn(server, late, "counted", 60, 59)
    expect(60.times.count { take[0] }).to eq(59)
  end

  describe "leave for two requests" do
    def allowance = KrayinSync::Pace::Allowance.new(pace)

    it "is for both or none, and what was not sent is given back" do
      work = Array.new(31) { allowance }
      taken = work.map { |one| one.take(server, "live", true) }
      expect(taken.map(&:first)).to eq([*([true] * 30), false])
      expect(taken.last[1]).to eq(described_class::SOON)
      work.each(&:give_back)
      expect(Array.new(31) { take(throttled: true)[0] }).to eq([*([true] * 30), false])
    end

    it "is asked for again beyond that" do
      work = allowance
      numbers = Array.new(5) { work.take(server, "live", true)[1] }
      expect(numbers.uniq.size).to eq(5)
      work.give_back
      expect(Array.new(56) { take(throttled: true)[0] }).to eq([*([true] * 55), false])
    end

    it "is not given where one alone is left" do
      pace.learn(server, take[1], "counted", 60, 1)
      expect(allowance.take(server, "live", true)).to match([false, be_between(59, 60)])
      expect(take[0]).to be(true)
    end

    it "leaves the quarter of live events to them" do
      pace.learn(server, take[1], "counted", 60, 16)
      expect(allowance.take(server, "bulk", true)).to match([false, be_between(59, 60)])
      expect(allowance.take(server, "live", true)[0]).to be(true)
    end

    it "comes back when its taker has died" do
      30.times { allowance.take(server, "live", true) }
      expect(take(throttled: true)).to eq([false, described_class::SOON.to_f])
      shift(described_class::HELD)
      # Half of them were sent, as far as anybody knows.
      expect(Array.new(31) { take(throttled: true)[0] }).to eq([*([true] * 30), false])
    end
  end

  # Moves all that has happened this much further into the past.
  def shift(seconds)
    key = "krayin_sync:pace:{#{server}}"
    %w[ended learned may_end ends].each do |field|
      redis.call("HINCRBYFLOAT", key, field, (-seconds * 1_000_000).to_i) if redis.call("HEXISTS", key, field) == 1
    end
    redis.call("ZRANGE", "#{key}:under_way", "0", "-1").each do |number|
      redis.call("ZINCRBY", "#{key}:under_way", (-seconds * 1_000_000).to_i, number)
    end
  end
end
