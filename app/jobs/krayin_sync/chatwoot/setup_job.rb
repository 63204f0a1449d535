# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Connects a hook after it was made, or after its address or token was changed.
    class SetupJob
      include ::Sidekiq::Worker

      sidekiq_options "queue" => "krayin_sync", "retry" => 10, "wrapped" => "KrayinSync::Chatwoot::SetupJob"

      def self.enqueue(hook_id)
        set(queue: Chatwoot.configuration.queue).perform_async({ "job_id" => "#{hook_id}:setup", "hook_id" => hook_id })
      end

      # @param asked [Hash{String => Object}] hook_id; job_id for those who log
      def perform(asked)
        hook = ::Integrations::Hook.find_by(id: asked["hook_id"])
        connect(hook) if hook && HookSettings.wanted?(hook)
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
        service = SetupService.new(inbox: nil, hook: shell, api_url: url, api_token: token, cache: nil)
        found = service.perform.merge(SetupWarnings.of(service, hook.account_id, settings))
        found = Siblings.new(hook).tell_apart(found.merge("api_token" => token)).except("api_token")
        # The administrator has changed it meanwhile: that change has a job of its own.
        gone = ["setup_error", "setup_error_at", "shares_with", SetupWarnings::KEY] - found.keys
        return unless keep(hook, found, gone)

        HookSettings.works(hook)
        Intake.guard(BothWaysJob::NOT_FOLLOWED) { BothWaysJob.follow(hook) }
      rescue Form::Refused => e
        HookSettings.show(hook, e.message)
      end

      # What could be chosen until now is known by the settings alone: both are kept, or neither.
      # @return [Boolean] whether it was
      def keep(hook, found, gone)
        before = hook.settings.to_h
        hook.class.transaction do
          next false unless HookSettings.merge(hook, found, without: gone)

          hook.reload
          # What Chatwoot does not take keeps nothing else from being kept.
          Intake.guard("attributes of contacts were not made") do
            hook.class.transaction(requires_new: true) { AttributeDefinitions.make(hook, before: before) }
          end
          true
        end
      end
    end
  end
end
