# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What a connection whose leads go both ways needs beside its settings, and what one whose leads do so no more
    # leaves behind: the users whom agents choose from, the workflow that calls, and what contacts show.
    class BothWaysJob
      include ::Sidekiq::Worker

      sidekiq_options "queue" => "krayin_sync", "retry" => 10, "wrapped" => "KrayinSync::Chatwoot::BothWaysJob"

      # What is told where its job could not be begun.
      NOT_FOLLOWED = "what goes both ways was not followed"

      class << self
        def enqueue(hook_id)
          set(queue: Chatwoot.configuration.queue)
            .perform_async({ "job_id" => "#{hook_id}:both_ways", "hook_id" => hook_id })
        end

        # A hook's settings have changed: its job, where it has anything to do.
        # @param hook [Integrations::Hook]
        # @return [void]
        def follow(hook)
          enqueue(hook.id) if wanted?(hook.settings.to_h) || ShownLead.of_hook?(hook.id) || Workflow.new(hook).made?
        end

        # What contacts show of a Krayin that is shown no more, as a job could not be pushed or came to nothing.
        # @return [void]
        def enqueue_left = ShownLead.hooks.each { |id| enqueue(id) unless shows?(::Integrations::Hook.find_by(id: id)) }

        # @return [Boolean] whether contacts are to show its leads; what is disabled or not set up yet may be so again
        def shows?(hook) = hook ? Settings.on?(hook.settings.to_h, "two_way") : false

        private

        def wanted?(settings)
          return false unless LeadLook.on?(settings)

          LeadAttributes.settable(settings).include?("krayin_owner") || Workflow.wanted?(settings)
        end
      end

      # @param asked [Hash{String => Object}] hook_id; job_id for those who log
      def perform(asked)
        hook = ::Integrations::Hook.find_by(id: asked["hook_id"])
        return leave(hook, asked["hook_id"]) unless self.class.shows?(hook)
        return unless HookSettings.wanted?(hook) && LeadLook.on?(hook.settings.to_h)

        AttributeDefinitions.owners(hook)
        Workflow.new(hook).follow
      rescue AuthenticationError, PermissionError, ConfigurationError => e
        HookSettings.failed(hook, e) if hook
      end

      private

      def leave(hook, hook_id)
        ShownLead.clear(hook_id)
        Workflow.new(hook).remove if hook && !hook.disabled?
      end
    end
  end
end
