# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What Chatwoot's classes get. Each module is prepended to one of them.
    module Extensions
      # Hands on the events of the sync with the changed attributes, which Chatwoot's own code drops.
      module HookListener
        EVENTS = %i[
          contact_created contact_updated contact_merged conversation_created conversation_updated conversation_resolved
          message_created
        ].freeze

        EVENTS.each do |name|
          define_method(name) do |event|
            super(event) if defined?(super)
          ensure
            # Another integration's failure is not this one's.
            Intake.event(event)
          end
        end
      end

      # Its own perform swallows what is raised; a Krayin hook gets a job of its own instead.
      module HookJob
        def perform(hook, event_name, event_data = {})
          return super unless hook.app_id == ProcessorService::APP_ID

          Intake.take(hook, event_name, event_data)
        end
      end

      # Offers Krayin to accounts with the feature alone.
      module App
        def active?(account)
          return super unless params[:id] == ProcessorService::APP_ID

          account.feature_enabled?(params[:feature_flag])
        end
      end

      # Sets a hook up once it can be read by others.
      module Hook
        CONNECTION = %w[api_url api_token].freeze

        def self.prepended(hook)
          hook.after_commit :set_up_krayin, on: %i[create update], if: :krayin_needs_set_up?
        end

        def krayin? = app_id == ProcessorService::APP_ID

        private

        # Chatwoot replaces the settings whole when they are edited, and drops what the set-up found.
        def krayin_needs_set_up?
          return false unless krayin? && enabled?
          return true if previously_new_record?

          before, after = saved_change_to_settings&.map(&:to_h)
          return saved_change_to_status? unless after

          after["traits"].nil? || before.slice(*CONNECTION) != after.slice(*CONNECTION)
        end

        def set_up_krayin = SetupJob.set(queue: Chatwoot.configuration.queue).perform_async(id)
      end
    end
  end
end
