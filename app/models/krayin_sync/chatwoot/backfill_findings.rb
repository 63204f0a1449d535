# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What an estimate was found out by beside counting, for some minutes: whoever has seen it starts what it was of.
    class BackfillFindings
      include Opaque

      # Seconds.
      REMEMBERED = 600

      # @param hook [Integrations::Hook]
      # @param choice [BackfillChoice]
      def initialize(hook, choice)
        of = [HookSettings.instance(hook), choice.of_contacts]
        digest = OpenSSL::Digest.hexdigest("SHA256", JSON.generate(of))
        @key = RedisStore.key("backfill", "findings", hook.id, digest[0, 16])
      end

      # @param found [Hash{String => Numeric, nil}]
      # @return [Hash{String => Numeric, nil}] the same
      def keep(found)
        RedisStore.call("SET", @key, JSON.generate(found), "EX", REMEMBERED)
        found
      end

      # @return [Hash{String => Numeric, nil}]
      def kept = JSON.parse(RedisStore.call("GET", @key) || "{}")
    end
  end
end
