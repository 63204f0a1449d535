# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What a job passes before it works and when it has ended, each in one step: its contact's {Lock}, the {Breaker} of
    # its Krayin, how many work on that Krayin at once, and the {JobRegistry}.
    class Gate
      # Seconds after which a job that never left no longer counts among those that work.
      FORGOTTEN = 120
      # Parts of the lock's life after which it is made to last again.
      FRESH = 3

      RUN, BUSY, AWAY, FULL, LATER = %w[run busy away full later].freeze

      # The scripts of each as functions, which see their own keys and arguments.
      ENTER = <<~LUA.freeze
        local wait = function(KEYS, ARGV) #{Breaker::WAIT} end
        local start = function(KEYS, ARGV) #{JobRegistry::START} end
        if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return {'busy', 0} end
        local now = tonumber(redis.call('TIME')[1])
        redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', now)
        if redis.call('ZCARD', KEYS[5]) >= tonumber(ARGV[5]) then
          redis.call('DEL', KEYS[1])
          return {'full', 0}
        end
        local left = wait({KEYS[2], KEYS[3], KEYS[4]}, {ARGV[3], ARGV[4]})
        if left > 0 then
          redis.call('DEL', KEYS[1])
          return {'away', left}
        end
        local started = start({unpack(KEYS, 6)}, {unpack(ARGV, 7)})
        if started == 0 then
          redis.call('DEL', KEYS[1], KEYS[4])
          return {'later', 0}
        end
        redis.call('ZADD', KEYS[5], now + tonumber(ARGV[6]), ARGV[1])
        return {'run', started}
      LUA
      # It has worked, so its Krayin answers.
      LEAVE = <<~LUA.freeze
        local finish = function(KEYS, ARGV) #{JobRegistry::FINISH} end
        finish({unpack(KEYS, 6)}, {unpack(ARGV, 2)})
        redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
        redis.call('ZREM', KEYS[5], ARGV[1])
        if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
      LUA
      RELEASE = <<~LUA
        redis.call('ZREM', KEYS[2], ARGV[1])
        if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
      LUA

      attr_reader :breaker

      # @param entry [RecordRef]
      # @param contact_id [Integer]
      # @param settings [Hash{String => Object}] the hook's
      def initialize(entry, contact_id, settings)
        @entry = entry
        @lock = Lock.new(entry.hook_id, contact_id)
        connection = RedisStore.connection_id(settings)
        @breaker = Breaker.new(connection)
        @at_work = RedisStore.key("at_work", connection)
      end

      # @return [Array(String, Numeric)] {RUN} with what {JobRegistry::START} tells, {AWAY} with seconds, or why it may
      #   not run
      def enter(jid: nil, due: nil)
        mine = [@lock.owner, @lock.lifetime, Breaker::PROBE * 1000, Breaker::SOON * 1000,
                Chatwoot.configuration.jobs_per_krayin, FORGOTTEN]
        registry = [@entry.to_s, Server.identity, @entry.pace, jid, due]
        verdict, number = RedisStore.script(ENTER, keys, mine + registry)
        @fresh_until = now + (@lock.lifetime / 1000.0 / FRESH)
        verdict == AWAY ? [verdict, number / 1000.0] : [verdict, number]
      end

      # All has been done.
      # @param unpaced [Boolean] see {JobRegistry.finish}
      def leave(unpaced: false)
        RedisStore.script(LEAVE, keys, [@lock.owner, @entry.to_s, "done", "", unpaced ? "1" : ""])
      end

      # It was not: what is to become of the record has been said already.
      def release = RedisStore.script(RELEASE, [@lock.key, @at_work], [@lock.owner])

      # Called at every request.
      def extend_life
        return if now < @fresh_until

        @fresh_until = now + (@lock.lifetime / 1000.0 / FRESH)
        @lock.extend_life
      end

      private

      def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

      def keys = [@lock.key, *@breaker.keys, @at_work, *JobRegistry.keys(@entry.to_s)]
    end
  end
end
