# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # How many calls a {Backfill} makes at once to its Krayin: as many as the installation says, and half of those while
    # answers take twice as long as they did, since it is others who wait for them. Kept for all processes.
    class BackfillPace
      # Answers whose mean is looked at.
      TOLD = 20
      # Times the shortest mean at which there are too many calls, and below which there may be one more.
      SLOW = 2.0
      QUICK = 1.5
      # By how much a mean that was once the shortest counts less with each that follows: a server may be moved.
      AGING = 1.01
      # Answers within this many milliseconds are as quick as any.
      AT_ONCE = 5.0
      # Seconds for which it is remembered.
      REMEMBERED = 3600

      LOOK = <<~LUA.freeze
        local best = tonumber(redis.call('HGET', KEYS[1], 'best') or ARGV[1])
        local calls = tonumber(redis.call('HGET', KEYS[1], 'calls') or ARGV[2])
        local mean, most = tonumber(ARGV[1]), tonumber(ARGV[2])
        best = math.max(math.min(best * #{AGING}, mean), #{AT_ONCE})
        if mean >= best * #{SLOW} then
          calls = math.max(math.floor(calls / 2), 1)
        elseif mean <= best * #{QUICK} then
          calls = math.min(calls + 1, most)
        end
        redis.call('HSET', KEYS[1], 'best', tostring(best), 'calls', calls)
        redis.call('EXPIRE', KEYS[1], #{REMEMBERED})
      LUA
      private_constant :LOOK

      # @return [Integer] calls at once at most: one of the process' threads is left to what happens meanwhile
      def self.most
        configuration = Chatwoot.configuration
        [configuration.backfill_calls, configuration.concurrency - 1].min.clamp(1..)
      end

      # @param run [Backfill]
      def initialize(run)
        @key = RedisStore.key("backfill", run.id, "pace")
        @times = []
      end

      # How many may be made at once now.
      # @return [Integer]
      def calls = [RedisStore.call("HGET", @key, "calls")&.to_i, self.class.most].compact.min

      # @param milliseconds [Numeric] that an answer took
      # @return [void]
      def tell(milliseconds)
        @times << milliseconds.to_f
        return if @times.size < TOLD

        RedisStore.script(LOOK, [@key], [@times.sum / @times.size, self.class.most])
        @times.clear
      end
    end
  end
end
