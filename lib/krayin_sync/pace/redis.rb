# frozen_string_literal: true

module KrayinSync
  module Pace
    # Paces the requests of one token for all processes that share a Redis, so that the server never has to refuse one.
    # The rules are those of the core's own pacing, which knows one process: what is left is at least the fewest that
    # the server told in this window, less the requests on their way; what has time comes due evenly. Each step is one
    # script, so nothing comes between.
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
          redis.call("HDEL", KEYS[1], "remaining", "learned", "may_end", "ends")
          ends = nil
        end
        local function full() return field("limit") - (field("carried") or 0) end
        local function open(remaining, may_end, until_when)
          set("remaining", remaining, "learned", now, "may_end", may_end, "ends", until_when)
        end
      LUA

      # All or none. What is taken beforehand counts as if it had been sent long ago: soon forgotten.
      TAKE = <<~LUA.freeze
        #{CLOCK}
        redis.call("ZREMRANGEBYSCORE", KEYS[2], "-inf", string.format("%.0f", now - FORGOTTEN))
        if ARGV[2] == "1" and not field("limit") then set("limit", STOCK) end
        local count, limit = tonumber(ARGV[3]), field("limit")
        local beforehand = now - FORGOTTEN + tonumber(ARGV[4])
        if limit then
          local left = field("remaining") or math.max(full(), 1)
          local reserve = ARGV[1] == "bulk" and math.floor(limit / 4) or 0
          local to_end = ends and ends - now or WINDOW
          count = math.min(count, math.max(limit - reserve, 1))
          local taken = redis.call("ZCARD", KEYS[2])
          local held = redis.call("ZCOUNT", KEYS[2], "-inf", string.format("%.0f", beforehand))
          local free = left - reserve - taken
          if free + held < count then return {0, to_end} end
          if free < count then return {0, tonumber(ARGV[5])} end
          if ARGV[1] == "bulk" then
            local start = math.floor(limit / 10)
            local spent = math.max(limit - left + taken - held - start, 0)
            local due = WINDOW * spent / math.max(limit - start - reserve, 1)
            local wait = math.min(due - (WINDOW - to_end), to_end)
            if wait > 0 then return {0, math.ceil(wait)} end
          end
        end
        local number = redis.call("HINCRBY", KEYS[1], "number", count)
        local since = tonumber(ARGV[3]) > 1 and beforehand or now
        for one = number - count + 1, number do redis.call("ZADD", KEYS[2], string.format("%.0f", since), one) end
        keep()
        return {1, number - count + 1, number}
      LUA

      SEND = <<~LUA.freeze
        #{CLOCK}
        redis.call("ZADD", KEYS[2], string.format("%.0f", now), ARGV[1])
        keep()
        return 1
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
          elseif field("learned") and sent <= field("learned") then
            if now >= field("may_end") then set("carried", (field("carried") or 0) + 1) end
          else
            open(remaining, sent + WINDOW, now + WINDOW)
            set("carried", 0)
          end
        end
        if told == "nothing" and field("limit") then
          if not field("remaining") then open(full(), sent + WINDOW, now + WINDOW) end
          set("remaining", math.max(field("remaining") - 1, 0))
        end
        if told == "spent" then
          if not field("limit") then set("limit", STOCK) end
          local wait = tonumber(ARGV[3])
          open(0, now + wait, now + wait)
        end
        keep()
        return 1
      LUA

      # Seconds for which what was taken beforehand, and not sent, is held for its taker.
      HELD = 30
      # Seconds after which to ask again where what is left is held by others, who may give it back.
      SOON = 2

      private_constant :CLOCK, :TAKE, :SEND, :LEARN

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
      def take(identity, urgency, throttled) = take_all(identity, urgency, throttled, 1).first(2)

      # Leave to send so many requests, or none. Each is told of by {#send_held} when it is sent.
      # @param count [Integer]
      # @return [Array(true, Integer, Integer), Array(false, Float)] the first and the last number, or the seconds
      def take_all(identity, urgency, throttled, count)
        granted, first, last = run(TAKE, identity, urgency, throttled ? "1" : "0", count, *microseconds(HELD, SOON))
        granted == 1 ? [true, first, last] : [false, first / 1_000_000.0]
      end

      # The request with that number, which was taken beforehand, is sent now.
      # @return [void]
      def send_held(identity, number) = run(SEND, identity, number)

      # Those numbers are not needed.
      # @return [void]
      def give_back(identity, numbers)
        @execute.call(["ZREM", "#{key(identity)}:under_way", *numbers.map(&:to_s)]) unless numbers.empty?
      end

      # What came of the request with that number.
      # @param told ["counted", "nothing", "spent"]
      # @param figures [Array<Numeric>] limit and remaining where counted, the seconds to wait where spent
      # @return [void]
      def learn(identity, number, told, *figures)
        figures = microseconds(*figures) if told == "spent"
        run(LEARN, identity, number, told, *figures)
      end

      def inspect = "#<#{self.class.name}>"

      private

      def microseconds(*seconds) = seconds.map { |one| (one * 1_000_000).ceil }

      # A hash tag keeps both keys in one slot of a cluster.
      def key(identity) = "#{@prefix}:{#{identity}}"

      def run(script, identity, *arguments)
        @execute.call(["EVAL", script, "2", key(identity), "#{key(identity)}:under_way", *arguments.map(&:to_s)])
      end
    end
  end
end
