# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # How many records wait for each hook's Krayin, counted with each that comes to {JobRegistry}'s journal and goes:
    # one Krayin's crowd is none of another's, and whoever asks for it asks for one number. Of those that were there
    # before they were counted it never says less than nothing.
    module QueuedCount
      # Functions for the registry's scripts, which see its keys; the count's is the last of them.
      LUA = <<~LUA
        local count = function(KEYS, entry, by)
          local hook = string.match(entry, '^[^:]*')
          local waiting = KEYS[#KEYS]
          if redis.call('HINCRBY', waiting, hook, by) <= 0 then redis.call('HDEL', waiting, hook) end
        end
        local put = function(KEYS, entry, due)
          if redis.call('ZADD', KEYS[1], due, entry) == 1 then count(KEYS, entry, 1) end
        end
        local take = function(KEYS, entry)
          local taken = redis.call('ZREM', KEYS[1], entry)
          if taken == 1 then count(KEYS, entry, -1) end
          return taken
        end
      LUA
    end
  end
end
