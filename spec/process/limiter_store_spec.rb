# frozen_string_literal: true

require_relative "../support/redis_server"

RSpec.describe "processes that share a token" do
  after { RedisServer.stop }

  it "are never the cause of a 61st request in a minute: four of ten threads" do
    krayin = SimulatedKrayin.new("2.1.0", throttle: true)
    arguments = [krayin.url, SimulatedKrayin::TOKEN, RedisServer.url]
    script = <<~'RUBY'
      require "redis"
      url, token, redis_url = ARGV
      connections = Hash.new { |known, thread| known[thread] = Redis.new(url: redis_url) }
      KrayinSync.limiter_store = KrayinSync::LimiterStore::Redis.new { |command| connections[Thread.current].call(*command) }
      client = KrayinSync::Api::BaseClient.new(url, token, traits: { rate_headers: true })
      done = Queue.new
      10.times.map do
        Thread.new do
          15.times do
            client.get("get")
            done << 1
          rescue KrayinSync::RateLimitError => e
            done << (e.response ? :refused : :held)
          end
        end
      end.each(&:join)
      told = Array.new(done.size) { done.pop }
      puts "#{told.count(1)} #{told.count(:refused)} #{told.count(:held)}"
    RUBY
    sent = nil
    requests = krayin.requests do
      output = 4.times.map { Thread.new { Child.run(script, *arguments) } }
      sent, refused, held = output.map { |child| child.value.first.split.map(&:to_i) }.transpose.map(&:sum)
      expect([refused, sent + held]).to eq([0, 600])
    end
    # Where the machine takes more than a minute for it, the next minute's are sent as well.
    expect(sent).to be >= 60
    expect(requests.size).to eq(sent)
  ensure
    krayin&.stop
  end
end
