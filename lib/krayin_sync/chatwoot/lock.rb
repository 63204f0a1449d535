# frozen_string_literal: true

require "securerandom"

module KrayinSync
  module Chatwoot
    # One job at a time for a hook's contact, or for what a hook has once: its look, its workflow. Only its owner lets
    # it go or makes it last; it ends by itself when its owner has died.
    class Lock
      # Seconds. It is made to last again at every request, so it need outlive one call with all its attempts only.
      LIFETIME = 60

      RELEASE = <<~LUA
        if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
        return 0
      LUA
      EXTEND = <<~LUA
        if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
        return 0
      LUA

      # Yields where it could be taken.
      # @param what [Integer, String] a contact's id, or what else it is for
      # @yieldparam lock [Lock]
      # @return [Boolean] whether it could
      def self.hold(hook_id, what)
        lock = new(hook_id, what)
        return false unless lock.take

        begin
          yield lock
        ensure
          lock.release
        end
        true
      end

      # @return [String]
      attr_reader :key, :owner

      def initialize(hook_id, what)
        @key = RedisStore.key("lock", hook_id, what)
        @owner = SecureRandom.hex(16)
      end

      def take = RedisStore.call("SET", @key, @owner, "NX", "PX", lifetime) == "OK"

      # @return [Boolean] whether it was still ours
      def extend_life = RedisStore.script(EXTEND, [@key], [@owner, lifetime]) == 1

      # @return [Boolean] whether it was still ours
      def release = RedisStore.script(RELEASE, [@key], [@owner]) == 1

      # @return [Integer] milliseconds
      def lifetime = ([LIFETIME, Chatwoot.configuration.deadline * 2].max * 1000).to_i
    end
  end
end
