# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # That a rule for stages has just moved a contact's lead, until the next look sees it: no colleague did.
    module StageRuled
      # Seconds. Looks come sooner.
      LONGEST = 3600
      private_constant :LONGEST

      class << self
        # @return [void]
        def note(hook_id, contact_id) = RedisStore.call("SET", key(hook_id, contact_id), "1", "EX", LONGEST)

        # @return [Boolean] whether one has, and nobody was told yet
        def noted?(hook_id, contact_id) = RedisStore.call("EXISTS", key(hook_id, contact_id)).to_i.positive?

        # @return [Boolean] whether one has; it is told once
        def take(hook_id, contact_id) = RedisStore.call("DEL", key(hook_id, contact_id)).to_i.positive?

        private

        def key(hook_id, contact_id) = RedisStore.key("stage_ruled", hook_id, contact_id)
      end
    end
  end
end
