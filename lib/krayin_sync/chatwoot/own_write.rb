# frozen_string_literal: true

require_relative "thread_flag"

module KrayinSync
  module Chatwoot
    # Tells this gem's own writes of a contact from everybody else's: where they are made by the thread, and where their
    # event comes, on any process, by what was noted of it.
    module OwnWrite
      extend ThreadFlag

      # Seconds for which an event may be on its way.
      ON_ITS_WAY = 600

      class << self
        # @param hook_id [Integer] whose Krayin has it already; others are to hear of it
        # @param values [Hash{String => Object}] what is about to be written, by column
        # @return [void]
        def note(hook_id, contact_id, values)
          RedisStore.call("SET", key(hook_id, contact_id), digest(values), "EX", ON_ITS_WAY)
        end

        # Whether an event tells of what was noted, and of nothing else. It does so once: whoever writes the same later
        # has said it.
        # @param changed [Hash{#to_s => Array}, nil] old and new value by attribute
        def back?(hook_id, contact_id, changed)
          return false if changed.nil?

          values = changed.to_h.transform_keys(&:to_s).transform_values { |pair| Array(pair).last }
          RedisStore.script(TAKE, [key(hook_id, contact_id)], [digest(values)]) == 1
        end

        private

        def key(hook_id, contact_id) = RedisStore.key("own", hook_id, contact_id)

        def digest(values)
          told = values.to_h.transform_keys(&:to_s).slice(*RelevantChanges::CONTACT)
          OpenSSL::Digest.hexdigest("SHA256", JSON.generate(sorted(told.as_json)))
        end

        def sorted(value)
          case value
          when Hash then value.sort.map { |key, one| [key, sorted(one)] }
          when Array then value.map { |one| sorted(one) }
          else value
          end
        end
      end

      TAKE = <<~LUA
        if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
        return 0
      LUA
      private_constant :TAKE
    end
  end
end
