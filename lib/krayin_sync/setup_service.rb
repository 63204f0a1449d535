# frozen_string_literal: true

module KrayinSync
  # Connects a hook: checks address, token and user, finds where new leads go, learns what the server is like.
  class SetupService
    include Opaque

    # What comes of it goes beside the administrator's own settings, never over them.
    KEYS = %w[
      api_url api_dialect traits
      default_pipeline_id default_pipeline_name default_stage_id default_stage_name
      default_source_id default_source_name default_lead_type_id default_lead_type_name
    ].freeze

    # Seconds for which the same address and token need not be asked again.
    CACHE_TTL = 3600

    attr_reader :inbox, :api_url
    # @return [Array<Reason>] what the administrator should know
    attr_reader :warning_reasons

    # @param inbox [Inbox, #hooks, nil] where the hook is found when none is given
    # @param api_url [String]
    # @param api_token [String]
    # @param hook [Integrations::Hook, #settings, nil] whose settings get what is found
    # @param cache [#fetch, nil]
    def initialize(api_url:, api_token:, inbox: nil, hook: nil, cache: KrayinSync.cache)
      @inbox = Arguments.inbox(inbox)
      @api_url = api_url
      @api_token = api_token
      hook &&= Arguments.hook(hook)
      @hook = hook || inbox&.hooks&.find { |known| known.app_id == ProcessorService::APP_ID }
      @cache = cache
      @warning_reasons = []
    end

    # @return [Hash{String => Object}] the settings that were found, {KEYS}
    # @raise [ConfigurationError, ApiError] with what to do about it
    def perform
      given = { "api_url" => @api_url, "api_token" => @api_token }
      session = Session.new(Arguments.settings(@hook&.settings || {}).merge(given))
      answer = kept { session.call(:connect) }
      @warning_reasons = answer["warnings"].grep(Hash).map { |warning| Reason.of(warning) }
      found = answer["configuration"].slice(*KEYS).compact
      keep(found)
      found
    end

    alias setup perform

    # @return [Array<String>] the same in sentences, in the hook's language, else the installation's
    def warnings = warning_reasons.map { |reason| reason.sentence(locale) }

    private

    def kept(&)
      return yield unless @cache

      # By token too: another's token may be another user's, or none at all. Neither it nor a digest that could be tried
      # against short tokens is in what is kept.
      # By the choices too: what is found depends on the pipeline that was chosen.
      chosen = Arguments.settings(@hook&.settings || {}).transform_keys(&:to_s).except("api_url", "api_token", *found)
      key = OpenSSL::HMAC.hexdigest("SHA256", @api_token.to_s, JSON.generate([@api_url.to_s, chosen.sort]))
      @cache.fetch("krayin_sync:setup:#{key}", expires_in: CACHE_TTL, &)
    end

    def locale = Settings.locale(@hook&.settings || {})

    def found = KEYS - %w[api_dialect]

    def keep(found)
      return unless @hook

      settings = Arguments.settings(@hook.settings || {}).merge(found, "api_token" => @api_token)
      @hook.respond_to?(:update!) ? @hook.update!(settings: settings) : @hook.settings = settings
    end
  end
end
