# frozen_string_literal: true

module KrayinSync
  module LimiterStore
    # Keeps what is known of each token's budget for all processes that share a Redis. The rules are the core's; this
    # only compares and swaps, in one step.
    #
    #   KrayinSync.limiter_store =
    #     KrayinSync::LimiterStore::Redis.new { |command| Sidekiq.redis { |redis| redis.call(*command) } }
    class Redis
      include Opaque

      # Redis' clock is the one clock that all processes have.
      # @api private
      SWAP = <<~LUA
        local time, kept = redis.call("TIME"), redis.call("GET", KEYS[1]) or ""
        if kept ~= ARGV[1] then return {0, kept, time[1], time[2]} end
        redis.call("SET", KEYS[1], ARGV[2], "PX", ARGV[3])
        return {1, "", time[1], time[2]}
      LUA

      # Milliseconds for which a state is kept: longer than anything in it matters.
      LIFETIME = 3_600_000

      private_constant :LIFETIME

      # @yieldparam command [Array<String>] one Redis command, whose reply the block returns
      def initialize(prefix: "krayin_sync:pace", &execute)
        @prefix = prefix
        @execute = execute
      end

      # Replaces what is kept, if it is what is expected; blank where nothing is.
      # @param identity [String] of server and token
      # @param expected [String]
      # @param replacement [String] the core's own, opaque
      # @return [Array(Boolean, String, Integer)] whether it did, what is kept instead where it did not, and the time of
      #   the store's clock in microseconds
      def swap(identity, expected, replacement)
        key, *arguments = step(identity, expected, replacement)
        told(@execute.call(["EVAL", SWAP, "1", key, *arguments]))
      end

      # What {SWAP} takes, for a script that does more than this.
      # @return [Array<String>] the key, and the arguments
      # @api private
      def step(identity, expected, replacement)
        ["#{@prefix}:{#{identity}}:state", expected, replacement, LIFETIME.to_s]
      end

      # @param reply [Array] of {SWAP}
      # @return [Array(Boolean, String, Integer)] as of {#swap}
      # @api private
      def told(reply)
        swapped, kept, seconds, micros = reply
        [swapped == 1, kept, (Integer(seconds) * 1_000_000) + Integer(micros)]
      end
    end
  end

  # @deprecated since 0.2.0 (2026-11-27): {LimiterStore}; gone in 0.4.0, not before 2027-11-27
  Pace = LimiterStore
  deprecate_constant :Pace
end
