# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What an administrator should know of a connection that works. It is told on its page, as it was when the settings
    # were saved or the server was last looked at.
    module SetupWarnings
      KEY = "setup_warnings"
      # What the page tells by itself.
      TOLD = %w[yes_no_at_stake].freeze

      # @param service [SetupService] that has looked
      # @param account_id [Integer, nil]
      # @param settings [Hash{String => Object}]
      # @return [Hash{String => String}] settings to be kept; blank where there is nothing to tell
      def self.of(service, account_id, settings)
        reasons = service.warning_reasons.reject { |reason| TOLD.include?(reason.code) }
        reasons += RuleNames.new(account_id, settings).missing if account_id
        sentences = reasons.map { |reason| reason.sentence(HookSettings.locale(settings)) }.uniq
        sentences.empty? ? {} : { KEY => sentences.join(" ") }
      end

      # What has turned out since.
      # @param hook [Integrations::Hook]
      # @param reason [Reason]
      # @return [void]
      def self.add(hook, reason)
        told = hook.settings.to_h[KEY].to_s
        sentence = reason.sentence(HookSettings.locale(hook.settings.to_h))
        HookSettings.merge(hook, { KEY => "#{told} #{sentence}".strip }) unless told.include?(sentence)
      end
    end
  end
end
