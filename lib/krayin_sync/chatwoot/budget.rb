# frozen_string_literal: true

require "securerandom"

module KrayinSync
  module Chatwoot
    # The requests that one user of Krayin may send in a minute, shared by all processes. A job takes what it may need
    # before it begins and gives back what it did not; a request counts for a whole window from its end on, so no
    # window, wherever it begins, holds more of them than the limit.
    class Budget
      # Requests of every window that nobody takes beforehand: a job that meets several failures sends more than it
      # took.
      SPARE = 2
      # Seconds for which a job that has died holds what it took, beyond the window.
      GRACE = 30
      # Seconds after which to ask again when all is taken but not yet spent.
      SOON = 2

      TAKE = <<~LUA
        local time = redis.call('TIME')
        local now = time[1] + time[2] / 1000000
        local count, limit, window, grace = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
        redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
        local missing = redis.call('ZCARD', KEYS[1]) + count - limit
        if missing > 0 then
          local ends = redis.call('ZRANGE', KEYS[1], missing - 1, missing - 1, 'WITHSCORES')[2]
          if not ends or ends - now > window then return ARGV[6] end
          return tostring(ends - now)
        end
        for number = 1, count do redis.call('ZADD', KEYS[1], now + window + grace, ARGV[1] .. number) end
        redis.call('PEXPIRE', KEYS[1], math.ceil((window + grace) * 2000))
        return ''
      LUA
      SPEND = <<~LUA
        local time = redis.call('TIME')
        redis.call('ZADD', KEYS[1], time[1] + time[2] / 1000000 + tonumber(ARGV[2]), ARGV[1])
      LUA

      attr_reader :spent

      # @param connection [String] of {SharedState.connection_id}
      # @param count [Integer] how many requests may be needed
      # @return [Budget, Float] what was taken, or the seconds after which to come back
      def self.take(connection, count, bulk: false)
        budget = new(connection, count)
        wait = budget.take(bulk)
        wait.empty? ? budget : [wait.to_f, 0.1].max
      end

      def initialize(connection, count)
        @key = SharedState.key("budget", connection)
        @id = "#{SecureRandom.hex(8)}:"
        @count = count
        @spent = 0
      end

      def take(bulk)
        limit = config.rate_limit - SPARE - (bulk ? config.bulk_reserve : 0)
        SharedState.script(TAKE, [@key], [@id, [@count, limit].min, limit, config.rate_window, GRACE, SOON])
      end

      # One request was sent.
      def spend
        @spent += 1
        # A little more than the window: the two clocks are not one.
        SharedState.script(SPEND, [@key], ["#{@id}#{@spent}", config.rate_window + 0.2])
      end

      # @return [void]
      def give_back
        left = ((@spent + 1)..@count).map { |number| "#{@id}#{number}" }
        SharedState.call("ZREM", @key, *left) unless left.empty?
      end

      private

      def config = Chatwoot.configuration
    end
  end
end
