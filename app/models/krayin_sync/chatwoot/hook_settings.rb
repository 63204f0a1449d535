# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A hook's settings, as the services take them. What is found goes into the hook in one statement beside what the
    # administrator chose, so a toggle that is flipped at the same moment stays flipped.
    HookSettings = Struct.new(:app_id, :settings) do
      include Opaque

      class << self
        # @param found [Hash{String => Object}]
        # @return [Boolean] false where the hook's address or token is no longer what was looked at
        def merge(hook, found, without: [])
          same = %w[api_url api_token].to_h { |key| [key, hook.settings[key].to_s] }
          changed = rows(hook).where("COALESCE(settings ->> 'api_url', '') = ?", same["api_url"])
                              .where("COALESCE(settings ->> 'api_token', '') = ?", same["api_token"])
                              .update_all(["settings = (COALESCE(settings, '{}') || ?::jsonb) - ARRAY[?]::text[]",
                                           JSON.generate(found), without.presence || [""]])
          changed.positive?
        end

        # @return [ActiveRecord::Relation<Integrations::Hook>] the connections of all accounts
        def all = ::Integrations::Hook.where(app_id: ProcessorService::APP_ID)

        # @return [ActiveRecord::Relation<Integrations::Hook>] those of one
        def of_account(account_id) = all.where(account_id: account_id)

        # @param account [#to_s, nil] one account's; all where nil
        # @return [Array<Integrations::Hook>]
        def hooks(account = nil) = (account.to_s.empty? ? all : of_account(Integer(account))).order(:id).to_a

        # @return [String] what people call a Krayin: its name, else its host
        def name(settings)
          given = settings.to_h["name"].to_s.strip
          return given unless given.empty?

          address = settings.to_h["api_url"].to_s.strip
          address[%r{\Ahttps?://([^/?#\s]+)}i, 1] || address.presence || "Krayin"
        end

        # @return [String] for a list of the connections of several accounts
        def title(hook)
          alone = of_account(hook.account_id).one?
          "Account #{hook.account_id}#{", #{name(hook.settings)}" unless alone}"
        end

        # @param given [#to_s] an account's id; where it has several connections, with the name of one: "3:Sales"
        # @return [Integrations::Hook]
        # @raise [ConfigurationError] where it does not say which
        def one(given)
          account, wanted = given.to_s.split(":", 2)
          known = hooks(Integer(account))
          found = wanted ? known.select { |hook| name(hook.settings).casecmp?(wanted.strip) } : known
          return found.first if found.one?

          names = known.map { |hook| name(hook.settings) }
          raise ConfigurationError, names.empty? ? "There is no Krayin connection." : "Say which: #{names.join(", ")}."
        end

        # @return [String, nil] which Krayin a hook's is, once that is known
        def instance(hook) = hook.settings.to_h.dig("traits", "instance").presence

        # @return [Integer] what stands for a hook where one at a time may work on a contact: that of another one which
        #   has the same Krayin
        def scope(settings, hook_id) = settings["shares_with"] || hook_id

        def put(hook, path, value)
          rows(hook).update_all(["settings = jsonb_set(settings, ?, ?::jsonb)", "{#{path.join(",")}}",
                                 JSON.generate(value)])
        end

        # Shows on the hook what keeps it from working. Chatwoot is told once: the jobs that come after find it told.
        # @return [Boolean] false where the hook's address or token is no longer what failed: nothing is told then
        def failed(hook, error)
          return false unless show(hook, ConnectionFailure.new(error, hook.settings).sentence)

          prompt(hook) if error.is_a?(AuthenticationError) || error.is_a?(PermissionError)
          true
        end

        # @param sentence [String] what keeps it from working
        # @return [Boolean] as of {failed}
        def show(hook, sentence)
          since = hook.settings.to_h["setup_error_at"] || Time.now.utc.iso8601
          merge(hook, { "setup_error" => sentence, "setup_error_at" => since })
        end

        # Of several tokens, what their answers have told.
        # @param told [Array<Array(Integer, Boolean)>] the place of each, and whether it works
        # @return [void]
        def tell_tokens(hook, told)
          before = refused_tokens(hook)
          now = (before - told.map(&:first)) | told.filter_map { |place, works| place unless works }
          return if now.sort == before

          merge(hook, { "tokens_refused" => now.sort.join(", ") }.compact_blank,
                without: (now.empty? ? ["tokens_refused"] : []))
        end

        # @return [Array<Integer>] the places of those that are refused, of several
        def refused_tokens(hook) = hook.settings.to_h["tokens_refused"].to_s.scan(/\d+/).map(&:to_i).sort

        # @return [Boolean] whether it is to work: it is enabled, and its account may use the integration
        def wanted?(hook) = !hook.disabled? && feature?(hook)

        # It was seen to work: what was told is taken back, and the jobs need not stay away.
        def works(hook)
          hook.reauthorized! if hook.reauthorization_required?
          Breaker.new(RedisStore.connection_id(hook.settings)).reset
          RedisStore.call("DEL", told(hook))
          WakeJob.enqueue(hook.id)
        end

        # @return [String] the locale of what is said about a hook
        def locale(settings) = Settings.locale(settings)

        # @return [String] one of {Reason::LANGUAGES}: its account's, whose agents are spoken to
        def language(hook) = Reason.language(hook.account.try(:locale) || locale(hook.settings.to_h))

        private

        # Chatwoot's own question builds its whole list of apps first.
        def feature?(hook)
          flag = ::APPS_CONFIG.dig(ProcessorService::APP_ID, "feature_flag")
          flag.nil? || hook.account.feature_enabled?(flag)
        end

        def prompt(hook)
          hook.prompt_reauthorization! if !hook.reauthorization_required? && first?(hook)
        end

        # Several jobs meet the refusal at the same moment.
        def first?(hook)
          RedisStore.call("SET", told(hook), "1", "NX", "EX", 60) == "OK"
        end

        def told(hook) = RedisStore.key("told", hook.id)

        def rows(hook) = ::Integrations::Hook.unscoped.where(id: hook.id)
      end
    end
  end
end
