# frozen_string_literal: true

require "openssl"

module KrayinSync
  module Chatwoot
    # Where a workflow of Krayin's may call: `POST /krayin_sync/webhooks/:hook_id`, with the secret in a header, or
    # `POST /krayin_sync/webhooks/:secret` for one that is made by hand. Krayin's calls bear no signature, lose what has
    # a quote in it, and can be sent again by whoever has seen one. So nothing that comes along is read: a call says
    # that something may have changed, and the next look comes soon.
    module WebhookEndpoint
      # What bears the secret where the path does not: proxies write paths into their logs.
      HEADER = "X-Krayin-Sync"
      # Bytes. Krayin's own calls have a few hundred.
      LONGEST_BODY = 65_536
      # Seconds for which further calls say nothing new.
      HEARD = 5
      # What is behind a connection's number.
      SECRET = /\A(\d{1,18})-([0-9a-f]{64})\z/
      NOTHING = { "content-type" => "text/plain", "cache-control" => "no-store" }.freeze
      private_constant :SECRET, :NOTHING

      class << self
        # @param env [Hash] Rack's
        # @return [Array] Rack's
        def call(env)
          return answer(413) if env["CONTENT_LENGTH"].to_i > LONGEST_BODY

          hook_id = hook_of(told(env))
          return answer(404) unless hook_id

          Intake.guard("a workflow's call was not heard") { hear(hook_id) }
          answer(200)
        end

        # @param hook [Integrations::Hook, #id]
        # @return [String, nil] what tells its calls; nothing where the installation has no secret of its own
        def secret(hook) = (digest = digest(hook.id)) && "#{hook.id}-#{digest}"

        # @param hook [Integrations::Hook, #id]
        # @return [String, nil] what the header says in a call to {bare_address}
        def header(hook) = digest(hook.id)

        # @return [String, nil] where a workflow may call whose webhook sends the header
        def bare_address(hook)
          "#{Chatwoot.address}#{SealedCall::PREFIX}#{hook.id}" if Chatwoot.address && header(hook)
        end

        # @return [String, nil] where a workflow may call; nothing where the installation has no address or no secret
        def address(hook) = Chatwoot.address && (path = path(hook)) && "#{Chatwoot.address}#{path}"

        # @return [String, nil] the same without this installation's own address
        def path(hook) = (secret = secret(hook)) && "#{SealedCall::PREFIX}#{secret}"

        private

        def told(env)
          given = env[SealedCall::GIVEN].to_s
          given.match?(/\A\d+\z/) ? "#{given}-#{env["HTTP_X_KRAYIN_SYNC"]}" : given
        end

        # Nobody learns by the time that it takes how much of a secret is right.
        def hook_of(given)
          match = SECRET.match(given.b)
          return unless match

          expected = digest(match[1].to_i)
          match[1].to_i if expected && OpenSSL.fixed_length_secure_compare(expected, match[2])
        end

        def digest(hook_id)
          key = KrayinSync.configuration.secret
          key && OpenSSL::HMAC.hexdigest("SHA256", key, "krayin_sync webhooks #{hook_id}")
        end

        def hear(hook_id)
          return unless RedisStore.call("SET", RedisStore.key("heard", hook_id), "1", "NX", "EX", HEARD) == "OK"

          LeadLook.hint(hook_id) if LeadLook.table_exists?
        end

        def answer(status) = [status, NOTHING.dup, []]
      end
    end
  end
end
