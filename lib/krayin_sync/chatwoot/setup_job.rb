# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Connects a hook after it was made, or after its address or token was changed.
    class SetupJob
      include ::Sidekiq::Worker

      sidekiq_options queue: "medium", retry: 10

      def perform(hook_id)
        hook = ::Integrations::Hook.find_by(id: hook_id)
        return if hook.nil? || hook.disabled? || !hook.feature_allowed?

        connect(hook)
      rescue AuthenticationError, PermissionError, ConfigurationError => e
        HookSettings.failed(hook, e)
      rescue Error => e
        HookSettings.failed(hook, e)
        raise
      end

      private

      def connect(hook)
        settings = hook.settings.deep_dup
        shell = HookSettings.new(ProcessorService::APP_ID, settings)
        url, token = settings.values_at("api_url", "api_token")
        found = SetupService.new(inbox: nil, hook: shell, api_url: url, api_token: token).perform
        # The administrator has changed it meanwhile: that change has a job of its own.
        return unless HookSettings.merge(hook, found, without: ["setup_error"])

        hook.reload
        hook.reauthorized! if hook.reauthorization_required?
        Breaker.new(SharedState.connection_id(hook.settings)).reset
      end
    end
  end
end
