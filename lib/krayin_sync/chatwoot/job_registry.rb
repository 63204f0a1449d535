# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Which records have a job, and which have one that runs: a burst of events for one record is one job, a job whose
    # process died is found again, and a record that fails has one chain of retries. An entry is "hook:kind:record".
    #
    # - queued: when its job is to run
    # - running: since when, and in which process of Sidekiq's register (owners)
    # - failing: the job that tries it again, how often it has failed, and when it is tried next
    # - refused: when it was read as Krayin would not take it
    # - again: that another event came while its job was on its way
    # - waiting: how many are queued, by hook
    #
    # A conversation that goes on is written once in a while (paced): until then its next job is put off.
    module JobRegistry
      NAMES = %w[queued running owners failing refused again].freeze
      KEYS = NAMES.map { |name| RedisStore.key(name).freeze }.freeze
      # {QueuedCount}'s, the last of all.
      WAITING = RedisStore.key("waiting").freeze
      # Those of {UNCHANGED}, which most jobs end with.
      SEEN = [*KEYS.values_at(0, 3, 4, 5), WAITING].freeze
      # Seconds for which a job may wait in an empty queue: Sidekiq looks at what is due later every few seconds.
      OVERDUE = 60

      # In how many seconds its job is to run, and when that is; nothing where one is on its way. One that should have
      # run long ago has been lost.
      # What has time is not pushed for a record that fails, nor for one that was refused as it is. What is urgent waits
      # for nothing: the job that was to run later finds it done.
      QUEUE = <<~LUA.freeze
        #{QueuedCount::LUA}
        local now = tonumber(redis.call('TIME')[1])
        local delay = tonumber(ARGV[2])
        local lost = now - tonumber(ARGV[3])
        if ARGV[4] ~= '' then
          local failing = redis.call('HGET', KEYS[4], ARGV[1])
          if failing and tonumber(string.match(failing, '%d+$')) > lost then return {} end
          local refused = redis.call('HGET', KEYS[5], ARGV[1])
          if refused and tonumber(refused) >= tonumber(ARGV[4]) then return {} end
        end
        if ARGV[5] == 'paced' then delay = math.max(delay, redis.call('TTL', KEYS[8])) end
        local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
        if due and tonumber(due) > lost and (ARGV[5] ~= 'urgent' or tonumber(due) <= now + delay) then
          redis.call('HSET', KEYS[6], ARGV[1], '1')
          return {}
        end
        put(KEYS, ARGV[1], now + delay)
        return {delay, now + delay}
      LUA
      # The job that comes back is another, and so is its chain.
      AGAIN = <<~LUA.freeze
        #{QueuedCount::LUA}
        local due = tonumber(redis.call('TIME')[1]) + tonumber(ARGV[2])
        put(KEYS, ARGV[1], due)
        local failing = redis.call('HGET', KEYS[4], ARGV[1])
        if failing and string.match(failing, '^%S*') == ARGV[3] then redis.call('HDEL', KEYS[4], ARGV[1]) end
        return due
      LUA
      # Where the record has another job than this one, that is still to come or has begun since, this one leaves it to
      # that: 1. What is tried again has begun before, and so has what its process could not end; what was refused is
      # looked at again because a person has asked for it.
      LATER = <<~LUA
        if ARGV[5] == '' then return 0 end
        local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
        if due and tonumber(due) <= tonumber(ARGV[5]) then return 0 end
        local failing = redis.call('HGET', KEYS[4], ARGV[1])
        local tried = failing and string.match(failing, '^%S*') == ARGV[4]
        if not due and (tried or redis.call('ZSCORE', KEYS[2], ARGV[1])
                        or redis.call('HEXISTS', KEYS[5], ARGV[1]) == 1) then return 0 end
        if tried then redis.call('HDEL', KEYS[4], ARGV[1]) end
        return 1
      LUA
      # 0 where it leaves it to a later one, 2 where it began a new pace.
      START = <<~LUA.freeze
        #{QueuedCount::LUA}
        local later = function(KEYS, ARGV) #{LATER} end
        if later(KEYS, ARGV) == 1 then return 0 end
        local now = tonumber(redis.call('TIME')[1])
        local pace = tonumber(ARGV[3])
        take(KEYS, ARGV[1])
        redis.call('HDEL', KEYS[6], ARGV[1])
        redis.call('ZADD', KEYS[2], now, ARGV[1])
        if ARGV[2] ~= '' then redis.call('HSET', KEYS[3], ARGV[1], ARGV[2]) end
        if pace > 0 and redis.call('SET', KEYS[8], '1', 'NX', 'EX', pace) then return 2 end
        return 1
      LUA
      FINISH = <<~LUA
        redis.call('ZREM', KEYS[2], ARGV[1])
        redis.call('HDEL', KEYS[3], ARGV[1])
        if ARGV[4] ~= '' then redis.call('DEL', KEYS[8]) end
        if ARGV[2] == 'done' then
          redis.call('HDEL', KEYS[4], ARGV[1])
          redis.call('HDEL', KEYS[5], ARGV[1])
          return
        end
        local failing = redis.call('HGET', KEYS[4], ARGV[1])
        if failing and string.match(failing, '^%S*') == ARGV[3] then redis.call('HDEL', KEYS[4], ARGV[1]) end
      LUA
      # Of a job that was never started. Who came meanwhile may have changed what it has read already. A job of the
      # record that is still to come stays.
      UNCHANGED = <<~LUA.freeze
        #{QueuedCount::LUA}
        local due = redis.call('ZSCORE', KEYS[1], ARGV[1])
        if due and (ARGV[2] == '' or tonumber(due) <= tonumber(ARGV[2])) then
          if redis.call('HEXISTS', KEYS[4], ARGV[1]) == 1 then return 0 end
          take(KEYS, ARGV[1])
        end
        redis.call('HDEL', KEYS[2], ARGV[1])
        redis.call('HDEL', KEYS[3], ARGV[1])
        return 1
      LUA
      # Sidekiq's delays, as the job has them.
      FAIL = <<~LUA
        redis.call('ZREM', KEYS[2], ARGV[1])
        redis.call('HDEL', KEYS[3], ARGV[1])
        local now = tonumber(redis.call('TIME')[1])
        local count = 0
        local failing = redis.call('HGET', KEYS[4], ARGV[1])
        if failing then
          local jid, failed, due = string.match(failing, '^(.*) (%d+) (%d+)$')
          if jid ~= ARGV[2] and tonumber(due) > now - tonumber(ARGV[3]) then return 0 end
          if jid == ARGV[2] then count = tonumber(failed) end
        end
        local due = now + 30 + count ^ 4 + 10 * (count + 1)
        redis.call('HSET', KEYS[4], ARGV[1], string.format('%s %d %d', ARGV[2], count + 1, due))
        return 1
      LUA
      REFUSE = <<~LUA
        redis.call('ZREM', KEYS[2], ARGV[1])
        redis.call('HDEL', KEYS[3], ARGV[1])
        redis.call('HDEL', KEYS[4], ARGV[1])
        return redis.call('HSET', KEYS[5], ARGV[1], ARGV[2])
      LUA
      LOST = <<~LUA
        local before = tonumber(redis.call('TIME')[1]) - tonumber(ARGV[1])
        local lost = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', before)
        for _, entry in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', before)) do table.insert(lost, entry) end
        local failing = redis.call('HGETALL', KEYS[4])
        for n = 1, #failing, 2 do
          if tonumber(string.match(failing[n + 1], '%d+$')) <= before then table.insert(lost, failing[n]) end
        end
        return lost
      LUA
      # Those whose process is no longer in Sidekiq's register, and those that are due and in no queue: one that was due
      # long before the oldest there was pushed has been taken out. They are taken off the journal: whoever is told of
      # them pushes them.
      ORPHANS = <<~LUA.freeze
        #{QueuedCount::LUA}
        local found = {}
        local owners = redis.call('HGETALL', KEYS[3])
        for n = 1, #owners, 2 do
          if redis.call('EXISTS', owners[n + 1]) == 0 then
            redis.call('ZREM', KEYS[2], owners[n])
            redis.call('HDEL', KEYS[3], owners[n])
            table.insert(found, owners[n])
          end
        end
        local before = tonumber(redis.call('TIME')[1]) - tonumber(ARGV[1])
        local oldest = redis.call('LINDEX', KEYS[7], -1)
        if oldest then
          -- Seconds; milliseconds from Sidekiq 8 on.
          local pushed = tonumber(string.match(oldest, '"enqueued_at":(%d+)') or 0)
          if pushed > 1e11 then pushed = pushed / 1000 end
          before = math.min(before, pushed - tonumber(ARGV[1]))
        end
        if redis.call('ZCOUNT', 'schedule', '-inf', before) == 0 then
          for _, entry in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', before)) do
            take(KEYS, entry)
            table.insert(found, entry)
          end
        end
        return found
      LUA

      # Unless its job has been pushed anew meanwhile, where it is said when it was to run.
      TAKE_OFF = <<~LUA.freeze
        #{QueuedCount::LUA}
        if ARGV[2] and tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or -1) ~= tonumber(ARGV[2]) then return 0 end
        return take(KEYS, ARGV[1])
      LUA

      # Seconds since a process that is gone since anybody looked was seen, the longest; a process says that it is there
      # by looking.
      GONE = <<~LUA
        local now = tonumber(redis.call('TIME')[1])
        local seen
        local all = redis.call('HGETALL', KEYS[1])
        for n = 1, #all, 2 do
          if all[n] ~= ARGV[1] and redis.call('EXISTS', all[n]) == 0 then
            redis.call('HDEL', KEYS[1], all[n])
            local last = tonumber(all[n + 1])
            -- An earlier version did not say when.
            if last == 1 then last = now end
            seen = math.min(seen or now, last)
          end
        end
        redis.call('HSET', KEYS[1], ARGV[1], now)
        -- Where all are gone for long, they are missed by the first that comes.
        redis.call('PERSIST', KEYS[1])
        return seen and now - seen
      LUA

      class << self
        # @param changed_at [Time, nil] of what has time: since when the record is as it is
        # @param pace [Symbol, nil] :paced where it may wait for the record's next turn, :urgent where for nothing
        # @return [Array(Numeric, Integer), nil] in how many seconds the caller must have a job run, and when that is;
        #   nothing where one is on its way
        def queue(entry, delay: 0, changed_at: nil, pace: nil)
          seconds, due = run(QUEUE, entry, delay.ceil, Chatwoot.configuration.lost_after, changed_at&.to_f&.floor, pace)
          due && [seconds == delay.ceil ? delay : seconds, due]
        end

        # Its job comes back later.
        # @return [Integer] when that is
        def again(entry, delay, jid) = run(AGAIN, entry, delay.ceil, jid)

        # From here on a new event is a new job: this one reads the record now.
        # @param pace [Integer] seconds until the record's next turn; 0 where it has none
        # @param due [Integer, nil] when this job was to run
        # @return [Symbol, nil] :began where this job began the pace, :goes_on where not; nothing where the record's job
        #   is still to come, and this one has nothing to do
        def start(entry, jid: nil, pace: 0, due: nil)
          [nil, :goes_on, :began][run(START, entry, Server.identity, pace, jid, due)]
        end

        # Its job has ended; its job for a later event stays.
        # @param done [Boolean] whether Krayin has the record as it was read
        # @param unpaced [Boolean] whether its next turn need not wait: this job began the pace and wrote nothing
        def finish(entry, jid: nil, done: false, unpaced: false)
          run(FINISH, entry, done ? "done" : "", jid, unpaced ? "1" : "")
        end

        # Krayin has the record as its job read it, without having been asked.
        # @param due [Integer, nil] when this job was to run
        # @return [Boolean] false where another event has come meanwhile: the job starts then
        def unchanged?(entry, due: nil) = RedisStore.script(UNCHANGED, SEEN, [entry, due]) == 1

        # It failed.
        # @return [Boolean] whether this job tries it again; another does otherwise
        def fail(entry, jid) = run(FAIL, entry, jid, Chatwoot.configuration.lost_after) == 1

        # Krayin does not take it as it is.
        # @param read_at [Time]
        # @return [Boolean] whether that is new
        def refuse(entry, read_at) = run(REFUSE, entry, read_at.to_f.ceil) == 1

        # @return [Integer] how many records have a job that is to run on the hook's Krayin
        def waiting(hook_id) = RedisStore.call("HGET", WAITING, hook_id).to_i

        # @return [Hash{String => Integer}] how many records are queued, running, failing and refused
        def sizes
          %w[queued running].to_h { |name| [name, RedisStore.call("ZCARD", key(name))] }
                            .merge(%w[failing refused].to_h { |name| [name, RedisStore.call("HLEN", key(name))] })
        end

        # There is nothing to do for it any more.
        def drop(entry)
          run(TAKE_OFF, entry)
          RedisStore.call("HDEL", key("again"), entry)
          finish(entry, done: true)
        end

        # @return [Array<String>] entries whose jobs should have run, ended or been tried again long ago
        def lost = run(LOST, Chatwoot.configuration.lost_after).uniq

        # @return [Array<String>] entries whose jobs were lost with their process, off the journal
        def orphans = run(ORPHANS, OVERDUE).uniq

        # @return [Integer, nil] how many seconds ago a process of Sidekiq's was there that is gone; one alone is told
        def gone_for = RedisStore.script(GONE, [key("processes")], [Server.identity])

        # @return [Array<String>] in the order in which its scripts take them
        def keys(entry) = [*KEYS, jobs_key, RedisStore.key("paced", entry), WAITING]

        private

        def jobs_key = "queue:#{Chatwoot.configuration.queue}"

        def run(script, *arguments)
          RedisStore.script(script, keys(arguments.first), arguments)
        end

        def key(name) = RedisStore.key(name)
      end
    end
  end
end
