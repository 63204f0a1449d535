# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Which records have a job, and which have one that runs: a burst of events for one record is one job, and a job
    # whose process was killed is found again. An entry is "hook:kind:record".
    module Journal
      QUEUED = "queued"
      RUNNING = "running"

      # Whether no job is on its way for it; one that should have run long ago has been lost.
      QUEUE = <<~LUA
        local now = tonumber(redis.call('TIME')[1])
        local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
        if due and tonumber(due) > now - tonumber(ARGV[3]) then return 0 end
        redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
        return 1
      LUA
      AGAIN = <<~LUA
        redis.call('ZADD', KEYS[1], tonumber(redis.call('TIME')[1]) + tonumber(ARGV[2]), ARGV[1])
      LUA
      START = <<~LUA
        redis.call('ZREM', KEYS[1], ARGV[1])
        redis.call('ZADD', KEYS[2], redis.call('TIME')[1], ARGV[1])
      LUA
      LOST = <<~LUA
        local before = tonumber(redis.call('TIME')[1]) - tonumber(ARGV[1])
        local lost = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', before)
        for _, entry in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', before)) do table.insert(lost, entry) end
        return lost
      LUA

      class << self
        # @return [Boolean] whether the caller must push a job
        def queue(entry, delay: 0)
          SharedState.script(QUEUE, [key(QUEUED)], [entry, delay.ceil, Chatwoot.configuration.lost_after]) == 1
        end

        # Its job comes back later.
        def again(entry, delay) = SharedState.script(AGAIN, [key(QUEUED)], [entry, delay.ceil])

        # From here on a new event is a new job: this one reads the record now.
        def start(entry) = SharedState.script(START, [key(QUEUED), key(RUNNING)], [entry])

        # It was brought to its end, good or bad; its job for a later event stays.
        def finish(entry) = SharedState.call("ZREM", key(RUNNING), entry)

        # @return [Integer] how many records have a job that is to run
        def waiting = SharedState.call("ZCARD", key(QUEUED))

        # There is nothing to do for it any more.
        def drop(entry)
          SharedState.call("ZREM", key(QUEUED), entry)
          finish(entry)
        end

        # @return [Array<String>] entries whose jobs should have run or ended long ago
        def lost
          SharedState.script(LOST, [key(QUEUED), key(RUNNING)], [Chatwoot.configuration.lost_after]).uniq
        end

        private

        def key(name) = SharedState.key(name)
      end
    end
  end
end
