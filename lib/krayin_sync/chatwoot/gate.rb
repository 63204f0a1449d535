# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What a job passes before it works and when it has ended, each in one step: its contact's {Lock}, the {Breaker} of
    # its Krayin, how many work on that Krayin at once, and the {JobRegistry}.
    #
    # A job that cannot be run now comes back later by itself. It also stands in line, its contact's or its Krayin's,
    # and whoever has done its work brings one back at once: what is due later is looked for every few seconds alone,
    # and then all of it comes together. One that was brought back and does not take the place brings the next.
    #
    # A job may {#look} at its record first, and pass the gate when it has found something to do: before it asks Krayin,
    # in one step with the first question to the limiter, or before it writes.
    class Gate
      include Opaque

      # It cannot be passed now.
      class Closed < Instrumentation::PutOff
        # @return [String] {BUSY}, {AWAY}, {FULL} or {LATER}
        attr_reader :verdict
        # @return [Float] for which to stay away, where it is {AWAY}
        attr_reader :seconds

        def initialize(verdict, seconds)
          super(verdict)
          @verdict = verdict
          @seconds = seconds
        end
      end

      # It was passed, but somebody else has worked on the contact since it was looked at.
      class Overtaken < Instrumentation::PutOff; end

      # Seconds for which a job counts among those that work, from each of its requests on. One whose process died must
      # not keep its Krayin from the others for long.
      AT_WORK = 30
      # Parts of that after which it, and the lock, are made to last again.
      FRESH = 3
      # Milliseconds for which it is known that somebody has left a contact. A look of half of that is too old.
      LEFT = 10_000
      # Seconds for which a line is kept after somebody has joined it.
      IN_LINE = 600
      # As many as anybody has who is counted elsewhere.
      MANY = 10_000
      # Behind the name of what has time; it comes after what has not.
      BULK = " bulk"

      RUN, BUSY, AWAY, FULL, LATER = %w[run busy away full later].freeze
      # What {JobRegistry::START} tells of a job that begins its record's pace.
      PACE_BEGAN = 2

      # The scripts of each as functions, which see their own keys and arguments.
      ENTER = <<~LUA.freeze
        local wait = function(KEYS, ARGV) #{Breaker::WAIT} end
        local later = function(KEYS, ARGV) #{JobRegistry::LATER} end
        local start = function(KEYS, ARGV) #{JobRegistry::START} end
        if later({unpack(KEYS, 9)}, {unpack(ARGV, 8)}) == 1 then return {'later', 0} end
        local now = tonumber(redis.call('TIME')[1])
        local stand = function(line)
          if ARGV[7] == '' then return end
          local score = now
          if string.sub(ARGV[7], -#'#{BULK}') == '#{BULK}' then score = score * 2 end
          redis.call('ZADD', line, 'NX', score, ARGV[7])
          redis.call('EXPIRE', line, #{IN_LINE})
        end
        if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then
          stand(KEYS[7])
          return {'busy', 0}
        end
        redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', now)
        if redis.call('ZCARD', KEYS[5]) >= tonumber(ARGV[5]) then
          redis.call('DEL', KEYS[1])
          stand(KEYS[8])
          return {'full', 0}
        end
        local left = wait({KEYS[2], KEYS[3], KEYS[4]}, {ARGV[3], ARGV[4]})
        if left > 0 then
          redis.call('DEL', KEYS[1])
          return {'away', left}
        end
        redis.call('ZREM', KEYS[7], ARGV[7])
        redis.call('ZREM', KEYS[8], ARGV[7])
        local since = math.max(redis.call('EXISTS', KEYS[6]), redis.call('HEXISTS', KEYS[14], ARGV[8]))
        local started = start({unpack(KEYS, 9)}, {unpack(ARGV, 8)})
        if started == 0 then
          redis.call('DEL', KEYS[1], KEYS[4])
          return {'later', 0}
        end
        redis.call('ZADD', KEYS[5], now + tonumber(ARGV[6]), ARGV[1])
        return {'run', started, since}
      LUA
      # What was read before is not to be used where somebody has left since, or an event has come: nothing is asked of
      # the limiter then.
      ENTER_AND_STEP = <<~LUA.freeze
        local enter = function(KEYS, ARGV) #{ENTER} end
        local step = function(KEYS, ARGV) #{LimiterStore::Redis::SWAP} end
        local entered = enter({unpack(KEYS, 1, #KEYS - 1)}, {unpack(ARGV, 4)})
        if entered[1] ~= 'run' or entered[3] == 1 then return {entered} end
        return {entered, step({KEYS[#KEYS]}, ARGV)}
      LUA
      # Who takes the place that is free now: of the same contact before others.
      NEXT = <<~LUA
        for _, line in ipairs(KEYS) do
          local member = redis.call('ZPOPMIN', line)[1]
          if member then return member end
        end
      LUA
      # Where it has worked, its Krayin answers.
      LEAVE = <<~LUA.freeze
        local finish = function(KEYS, ARGV) #{JobRegistry::FINISH} end
        local next = function(KEYS) #{NEXT} end
        finish({unpack(KEYS, 9)}, {unpack(ARGV, 4)})
        if ARGV[3] ~= '' then redis.call('DEL', KEYS[2], KEYS[3], KEYS[4]) else redis.call('DEL', KEYS[4]) end
        redis.call('ZREM', KEYS[5], ARGV[1])
        redis.call('SET', KEYS[6], '1', 'PX', ARGV[2])
        if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
        return next({KEYS[7], KEYS[8]})
      LUA
      EXTEND = <<~LUA.freeze
        redis.call('ZADD', KEYS[2], 'XX', redis.call('TIME')[1] + ARGV[3], ARGV[1])
        #{Lock::EXTEND}
      LUA
      RELEASE = <<~LUA
        redis.call('ZREM', KEYS[2], ARGV[1])
        redis.call('SET', KEYS[3], '1', 'PX', ARGV[2])
        if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
      LUA

      # Whether who looks first passes before it asks Krayin: the limiter is not asked for requests that the server does
      # not count.
      # @param settings [Hash{String => Object}] a hook's
      def self.asked_first?(settings) = settings.dig("traits", "rate_headers") != false

      # Works on a contact beside the jobs: what one of them has read of it before is too old then.
      # @param hook [Integrations::Hook]
      # @yieldparam lock [Lock] which whoever takes long has to make last
      # @yieldreturn [Object]
      # @return [Object, nil] of the block; nothing where somebody else is at work on the contact
      def self.aside(hook, contact_id)
        scope = HookSettings.scope(hook.settings.to_h, hook.id)
        answer = nil
        Lock.hold(scope, contact_id) do |lock|
          answer = yield lock
        ensure
          RedisStore.call("SET", RedisStore.key("left", scope, contact_id), "1", "PX", LEFT)
        end
        answer
      end

      # @param entry [RecordRef]
      # @param contact_id [Integer]
      # @param settings [Hash{String => Object}] the hook's
      # @param due [Integer, nil] when the job was to run
      # @param bulk [Boolean] whether it has time
      # @param brought [Boolean] whether a place that is free was left to it
      # @param line [Boolean] whether it stands in line: not who comes back with the record by itself, and soon
      # @param apart [Boolean] whether it takes no place of those who work on the Krayin: how many do so is counted
      #   elsewhere
      def initialize(entry, contact_id, settings, jid: nil, due: nil, bulk: false, brought: false, line: true,
                     apart: false)
        @entry = entry
        @jid = jid
        @due = due
        @bulk = bulk
        @brought = brought
        @line = line
        @apart = apart
        @contact_id = contact_id
        @settings = settings
      end

      # Made where they are needed: most jobs look, and end with that.
      def breaker = @breaker ||= Breaker.new(connection)

      # Called before the record is read, by a job that has not passed.
      # @return [self]
      def look
        @looked_at = now
        self
      end

      def passed? = !@started.nil?

      # @return [Boolean] whether this job has begun its record's pace
      def began_pace? = @started == PACE_BEGAN

      # By a job that reads its record from here on.
      # @return [void]
      # @raise [Closed]
      def enter
        @looked_at = nil
        pass
      end

      # By a job that may have read it before.
      # @return [void]
      # @raise [Closed, Overtaken]
      def pass
        return if passed?
        raise Closed.new(BUSY, 0) unless merged.nil? || merged.take

        admit(RedisStore.script(ENTER, keys, arguments))
      rescue Closed
        merged&.release
        raise
      end

      # The limiter's store until the gate was passed.
      # @see LimiterStore::Redis#swap
      def swap(*state)
        store = KrayinSync.limiter_store
        return store.swap(*state) if passed?

        key, *step = store.step(*state)
        entered, swapped = RedisStore.script(ENTER_AND_STEP, [*keys, key], step + arguments)
        admit(entered)
        store.told(swapped)
      end

      # All has been done.
      # @param worked [Boolean] whether Krayin has answered
      # @param unpaced [Boolean] see {JobRegistry.finish}
      def leave(worked: true, unpaced: false)
        merged&.release
        bring(RedisStore.script(LEAVE, keys, [lock.owner, LEFT, worked ? "1" : "", @entry.to_s, "done", "",
                                              unpaced ? "1" : ""]))
      end

      # It was not: what is to become of the record has been said already.
      # @param bring [Boolean] whether others can go on; otherwise what kept it keeps them as well, and they come back
      #   by themselves
      def release(bring: false)
        merged&.release
        RedisStore.script(RELEASE, [lock.key, at_work, left], [lock.owner, LEFT])
        bring_next if bring
      end

      # By a job that has ended without passing: the place that was left to it is the next one's.
      # @param contact [Boolean] whether others of the contact could take it
      # @return [void]
      def give_up_place(contact: true)
        bring_next(contact ? lines : lines.last(1)) if @brought
      end

      # Called at every request.
      # @raise [Closed, Overtaken] as of {pass}, where it was not passed: a Krayin whose last answer told of no budget
      #   is asked without the limiter, whatever the set-up has seen. What has been asked until here was a read.
      def extend_life
        return pass unless passed?
        return if now < @fresh_until

        @fresh_until = now + (at_work_for / FRESH)
        RedisStore.script(EXTEND, [lock.key, at_work], [lock.owner, lock.lifetime, at_work_for])
        merged&.extend_life
      end

      private

      def bring_next(lines = self.lines) = bring(RedisStore.script(NEXT, lines), lines)

      # Its job is to come later: now it comes at once. Where it does already, it is not the one that takes the place.
      def bring(member, lines = self.lines)
        while member
          record = RecordRef.parse(member.delete_suffix(BULK))
          return if record.enqueue(urgent: true, bulk: member.end_with?(BULK), brought: true)

          member = RedisStore.script(NEXT, lines)
        end
      end

      def arguments
        [lock.owner, lock.lifetime, Breaker::PROBE * 1000, Breaker::SOON * 1000,
         @apart ? MANY : Chatwoot.configuration.jobs_per_krayin, at_work_for, ("#{@entry}#{BULK if @bulk}" if @line),
         @entry.to_s, Server.identity, @entry.pace, @jid, @due]
      end

      def admit(entered)
        verdict, number, left = entered
        raise Closed.new(verdict, verdict == AWAY ? number / 1000.0 : 0) unless verdict == RUN

        @started = number
        @fresh_until = now + (at_work_for / FRESH)
        raise Overtaken if @looked_at && (left == 1 || now - @looked_at > LEFT / 2000.0)
      end

      # Twice as long as one call may take.
      def at_work_for = [AT_WORK, Chatwoot.configuration.deadline * 2].max.to_f

      def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

      def connection = @connection ||= RedisStore.connection_id(@settings)

      def scope = @scope ||= HookSettings.scope(@settings, @entry.hook_id)

      def lock = @lock ||= Lock.new(scope, @contact_id)

      # Of two who become one both are worked on: jobs of the one who is gone may still be at it.
      def merged
        return unless @entry.kind == "merge" && @entry.id != @contact_id

        @merged ||= Lock.new(scope, @entry.id)
      end

      def at_work = RedisStore.key("at_work", connection, *("apart" if @apart))

      def left = RedisStore.key("left", scope, @contact_id)

      def lines = [RedisStore.key("line", scope, @contact_id), RedisStore.key("line", connection)]

      def keys = [lock.key, *breaker.keys, at_work, left, *lines, *JobRegistry.keys(@entry.to_s)]
    end
  end
end
