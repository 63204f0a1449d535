# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Keeps jobs away from a Krayin that does not answer, or that refuses the token: they come back later, and one at a
    # time looks whether it has changed. Without it every worker would wait for the same silence.
    class Breaker
      # Seconds for which jobs stay away after the first failure, doubled at each further one.
      FIRST = 1
      LONGEST = 60
      # Seconds for which one job may look while the others stay away.
      PROBE = 30
      # Seconds after which the others ask what it saw: mostly it has seen it by then.
      SOON = 3
      # Seconds between looks where only a person can mend it.
      PARKED = 600

      # How long to stay away; nothing where the caller may go on.
      WAIT = <<~LUA
        local left = redis.call('PTTL', KEYS[1])
        if left > 0 then return left end
        if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
        if redis.call('SET', KEYS[3], '1', 'NX', 'PX', ARGV[1]) then return 0 end
        return math.min(math.max(redis.call('PTTL', KEYS[3]), 1000), tonumber(ARGV[2]))
      LUA
      # Those that were on their way when it was found out tell nothing new.
      TRIP = <<~LUA
        if redis.call('PTTL', KEYS[1]) > tonumber(ARGV[3]) then return end
        local failures = redis.call('INCR', KEYS[2])
        redis.call('EXPIRE', KEYS[2], 86400)
        redis.call('DEL', KEYS[3])
        if failures == 1 then redis.call('SET', KEYS[5], redis.call('TIME')[1]) end
        redis.call('EXPIRE', KEYS[5], 86400)
        local away = math.min(tonumber(ARGV[1]) * 2 ^ (failures - 1), tonumber(ARGV[2]))
        redis.call('SET', KEYS[1], '1', 'PX', math.floor(away * 1000))
        redis.call('ZADD', KEYS[4], redis.call('TIME')[1], ARGV[4])
        redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -1001)
      LUA
      # Those that were ever open, and whether they are.
      STATES = <<~LUA
        local found = {}
        for _, connection in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
          table.insert(found, connection)
          table.insert(found, redis.call('EXISTS', ARGV[1] .. connection .. ':failures'))
        end
        return found
      LUA

      # @return [Hash{String => Boolean}] of each connection that was ever open whether it is
      def self.states
        found = RedisStore.script(STATES, [RedisStore.key("breakers")], [RedisStore.key("breaker", "")])
        found.each_slice(2).to_h.transform_values { |open| open == 1 }
      end

      # @return [Array<String>] in the order in which its scripts take them
      attr_reader :keys

      def initialize(connection)
        @keys = %w[away failures probe].map { |name| RedisStore.key("breaker", connection, name) }
        @connection = connection
      end

      # @return [Float] seconds for which to stay away; 0 where the caller may go on
      def wait = RedisStore.script(WAIT, @keys, [PROBE * 1000, SOON * 1000]) / 1000.0

      # It does not answer.
      def trip = trip_by([FIRST, LONGEST, 0])

      # Only a person can mend it.
      def pause_until_fixed = trip_by([PARKED, PARKED, LONGEST * 1000])

      # Whether it answers was not seen.
      def release_probe = RedisStore.call("DEL", @keys[2])

      # @return [Time, nil] since when it does not answer; nothing where it does
      def open_since
        failures, since = RedisStore.call("MGET", @keys[1], since_key)
        failures && ::Time.at(since.to_i)
      end

      # It answers.
      def reset = RedisStore.call("DEL", *@keys)

      private

      def trip_by(times)
        RedisStore.script(TRIP, [*@keys, RedisStore.key("breakers"), since_key], times + [@connection])
      end

      def since_key = RedisStore.key("breaker", @connection, "since")
    end
  end
end
