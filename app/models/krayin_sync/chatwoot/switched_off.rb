# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What came to nothing while a hook was disabled, for when it is enabled again. Records are looked at anew from the
    # oldest change on whose job found it so; what no look at records would find waits.
    module SwitchedOff
      # Names of events that are gone when they were not heard.
      HEARD = %w[contact.merged contact.deleted conversation.deleted message.deleted message.updated].freeze

      EARLIER = <<~LUA
        local known = redis.call('GET', KEYS[1])
        if not known or tonumber(ARGV[1]) < tonumber(known) then redis.call('SET', KEYS[1], ARGV[1]) end
      LUA
      private_constant :EARLIER

      class << self
        # @param hook_id [Integer]
        # @return [Boolean] whether there is such a hook, which is disabled
        def off?(hook_id) = ::Integrations::Hook.find_by(id: hook_id)&.disabled? || false

        # Whether a record's job is to wait until its hook is enabled.
        # @param entry [RecordRef]
        def waits?(entry) = Synchronization::EVENTS.key?(entry.kind)

        # A job has found its hook disabled, and ends.
        # @param entry [RecordRef]
        # @return [void]
        def note(entry)
          model = entry.kind.classify.constantize
          # A message has its place by its age, the others by when they were written.
          at = model.unscoped.where(id: entry.id).pick(entry.kind == "message" ? :created_at : :updated_at)
          RedisStore.script(EARLIER, [key(entry.hook_id)], [at.to_i]) if at
        end

        # Its hook is enabled again.
        # @return [Time, nil] from when on records were left out
        def since(hook_id)
          at = RedisStore.call("GET", key(hook_id))
          RedisStore.call("DEL", key(hook_id))
          at && Time.at(at.to_i)
        end

        private

        def key(hook_id) = RedisStore.key("off", hook_id)
      end
    end
  end
end
