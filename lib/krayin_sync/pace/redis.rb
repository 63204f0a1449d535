# frozen_string_literal: true

module KrayinSync
  module Pace
    # Paces the requests of one token for all processes that share a Redis, so that the server never has to refuse one.
    # The rules are those of the core's own pacing, which knows one process: what is left is at least the fewest that
    # the server told in this window, less the requests on their way. Each step is one script, so nothing comes between.
    #
    #   KrayinSync.pace = KrayinSync::Pace::Redis.new { |command| Sidekiq.redis { |redis| redis.call(*command) } }
    class Redis
      # Redis' clock is the one clock that all processes have, in microseconds, written whole.
      CLOCK = <<~LUA
        local time = redis.call("TIME")
        local now = time[1] * 1000000 + time[2]
        local function field(name) return tonumber(redis.call("HGET", KEYS[1], name) or nil) end
        local function set(...)
          local values = {...}
          for i, value in ipairs(values) do
            if type(value) == "number" then values[i] = string.format("%.0f", value) end
          end
          redis.call("HSET", KEYS[1], unpack(values))
        end
        local function keep()
          redis.call("PEXPIRE", KEYS[1], 600000)
          redis.call("PEXPIRE", KEYS[2], 600000)
        end
        local WINDOW, FORGOTTEN, STOCK = 60000000, 120000000, 60
        local ends = field("ends")
        if ends and ends <= now then
          set("ended", ends)
          redis.call("HDEL", KEYS[1], "remaining", "learned", "ends")
          ends = nil
        end
      LUA

      TAKE = <<~LUA.freeze
        #{CLOCK}
        redis.call("ZREMRANGEBYSCORE", KEYS[2], "-inf", string.format("%.0f", now - FORGOTTEN))
        if ARGV[2] == "1" and not field("limit") then set("limit", STOCK) end
        local limit = field("limit")
        if limit then
          local left = (field("remaining") or limit) - redis.call("ZCARD", KEYS[2])
          local reserve = ARGV[1] == "bulk" and math.floor(limit / 4) or 0
          if left <= reserve then return {0, ends and ends - now or WINDOW} end
        end
        local number = redis.call("HINCRBY", KEYS[1], "number", 1)
        redis.call("ZADD", KEYS[2], string.format("%.0f", now), number)
        keep()
        return {1, number}
      LUA

      LEARN = <<~LUA.freeze
        #{CLOCK}
        local number, told = ARGV[1], ARGV[2]
        local sent = tonumber(redis.call("ZSCORE", KEYS[2], number) or now)
        redis.call("ZREM", KEYS[2], number)
        local ended = field("ended")
        if told == "counted" then
          local limit, remaining = tonumber(ARGV[3]), tonumber(ARGV[4])
          set("limit", limit)
          if ended and sent < ended then
            told = "nothing"
          elseif field("remaining") and remaining < field("remaining") then
            set("remaining", remaining, "learned", now)
          elseif not (field("learned") and sent <= field("learned")) then
            set("remaining", remaining, "learned", now, "ends", now + WINDOW)
          end
        end
        if told == "nothing" and field("limit") then
          if not field("remaining") then set("remaining", field("limit"), "learned", now, "ends", now + WINDOW) end
          set("remaining", math.max(field("remaining") - 1, 0))
        end
        if told == "spent" then
          if not field("limit") then set("limit", STOCK) end
          set("remaining", 0, "learned", now, "ends", now + tonumber(ARGV[3]))
        end
        keep()
        return 1
      LUA

      # @yieldparam command [Array<String>] one Redis command, whose reply the block returns
      def initialize(prefix: "krayin_sync:pace", &execute)
        @prefix = prefix
        @execute = execute
      end

      # Leave to send one request now.
      # @param identity [String] of server and token
      # @param urgency ["live", "bulk"]
      # @param throttled [Boolean] whether the server is known to throttle, if not yet how
      # @return [Array(true, Integer), Array(false, Float)] a number to hand back, or the seconds until it makes sense
      def take(identity, urgency, throttled)
        granted, value = run(TAKE, identity, urgency, throttled ? "1" : "0")
        granted == 1 ? [true, value] : [false, value / 1_000_000.0]
      end

      # What came of the request with that number.
      # @param told ["counted", "nothing", "spent"]
      # @param figures [Array<Numeric>] limit and remaining where counted, the seconds to wait where spent
      # @return [void]
      def learn(identity, number, told, *figures)
        figures = figures.map { |seconds| (seconds * 1_000_000).ceil } if told == "spent"
        run(LEARN, identity, number, told, *figures)
      end

      def inspect = "#<#{self.class.name}>"

      private

      # A hash tag keeps both keys in one slot of a cluster.
      def run(script, identity, *arguments)
        key = "#{@prefix}:{#{identity}}"
        @execute.call(["EVAL", script, "2", key, "#{key}:under_way", *arguments.map(&:to_s)])
      end
    end
  end
end
