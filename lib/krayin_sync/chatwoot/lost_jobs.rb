# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What a process that has died had taken out of Sidekiq's queue or of its sets and not begun, which no register
    # tells: what {JobRegistry} says is on its way and is in no place of Sidekiq's. That reads all of these, and is for
    # when a process has died.
    #
    # What a living one has not begun either is pushed once more: its job leaves it to that.
    module LostJobs
      # Seconds after which a job that was taken out of a queue has begun or has nothing to do.
      BEGUN = 30
      # Jobs that are read at once.
      PAGE = 1000
      # Unless it has failed anew meanwhile.
      FORGET = <<~LUA
        if redis.call('HGET', KEYS[4], ARGV[1]) ~= ARGV[2] then return 0 end
        return redis.call('HDEL', KEYS[4], ARGV[1])
      LUA
      private_constant :BEGUN, :FORGET

      class << self
        # @return [Array<String>] entries, off the registry: whoever is told of them pushes them
        def find = queued | tried_again

        private

        # What should have begun by now.
        def queued
          due = RedisStore.call("ZRANGEBYSCORE", key("queued"), "-inf", Time.now.to_i - BEGUN, "WITHSCORES")
          due = due.flatten.each_slice(2).to_h
          return [] if due.empty?

          late = RedisStore.call("ZRANGEBYSCORE", "schedule", "-inf", Time.now.to_i)
          each_of(late, pages("LRANGE", jobs)) { |job| due.delete(job[/"job_id":"([^"]+)"/, 1]) }
          due.filter_map { |entry, score| entry if run(JobRegistry::TAKE_OFF, entry, score).positive? }
        end

        # Until it counts as lost, nothing that has time would be pushed for it.
        def tried_again
          failing = RedisStore.call("HGETALL", key("failing")).to_a.flatten.each_slice(2).to_h
          failing.reject! { |entry, _| RedisStore.call("ZSCORE", key("running"), entry) }
          return [] if failing.empty?

          tried = failing.to_h { |entry, chain| [chain[/\A\S+/], entry] }
          each_of(pages("ZRANGE", "retry"), pages("LRANGE", jobs)) { |job| tried.delete(job[/"jid":"([^"]+)"/, 1]) }
          tried.values.select { |entry| run(FORGET, entry, failing[entry]).positive? }
        end

        # One place after the other. Whatever moves meanwhile moves to where it is read once more, or is taken out.
        def each_of(*places, &) = places.each { |place| place.each(&) }

        def pages(command, key)
          Enumerator.new do |found|
            first = 0
            while (page = RedisStore.call(command, key, first, first + PAGE - 1)).any?
              page.each { |job| found << job }
              first += PAGE
            end
          end
        end

        def jobs = "queue:#{Chatwoot.configuration.queue}"

        def run(script, entry, told) = RedisStore.script(script, JobRegistry.keys(entry), [entry, told])

        def key(name) = RedisStore.key(name)
      end
    end
  end
end
