# frozen_string_literal: true

require "yaml"

module KrayinSync
  module Chatwoot
    # The Chatwoot around this gem: checks that it has the shape that is expected, then plugs in. One that has changed
    # stays as it is, and says in one line what is missing.
    module Compatibility
      APP = File.expand_path("../../../config/krayin_app.yml", __dir__)
      EXTENDED = {
        "HookListener" => { extension: Extensions::HookListener,
                            methods: { contact_created: 1, contact_updated: 1, conversation_created: 1,
                                       message_created: 1 } },
        "HookJob" => { extension: Extensions::HookJob, methods: { perform: -3 } },
        "Integrations::App" => { extension: Extensions::App, methods: { active?: 1, params: 0 } },
        "Integrations::Hook" => { extension: Extensions::Hook,
                                  methods: { feature_allowed?: 0, prompt_reauthorization!: 0, reauthorized!: 0,
                                             reauthorization_required?: 0 } }
      }.freeze
      READ = %w[Account Attachment Contact ContactInbox Conversation Inbox Message].freeze

      class << self
        # Called at boot and after every reload. At boot nothing but the extended classes may be loaded here: the texts
        # of validations are read in class bodies, and I18n has no translations yet.
        # @return [Boolean] whether Krayin is offered
        def plug_in
          return false unless chatwoot?
          return refuse(problems) if problems.any?

          extend_classes
          extend_others
          # Its class may be loaded once I18n has its translations.
          extend_contact if @loaded
          ::APPS_CONFIG[ProcessorService::APP_ID] = YAML.safe_load_file(APP)
          true
        end

        # Called once, when Chatwoot has been loaded and the installation's own options are known.
        def loaded
          return unless chatwoot? && ::APPS_CONFIG.key?(ProcessorService::APP_ID)

          missing = READ.reject(&:safe_constantize).map { |name| "there is no #{name}" }
          if missing.any?
            ::APPS_CONFIG.delete(ProcessorService::APP_ID)
            return refuse(missing)
          end
          @loaded = true
          extend_contact
          Server.start if ::Sidekiq.server?
        end

        # @return [Array<String>] what is not as expected
        def problems
          found = EXTENDED.flat_map { |name, expected| problems_of(name, expected[:methods]) }
          found << "APPS_CONFIG is no hash that takes another app" unless open_list?
          found
        end

        private

        # Not in every Chatwoot: how soon an import is noticed, and what becomes of the other one's words in a merge,
        # depend on them, and nothing else.
        def extend_others
          [Extensions::DataImportJob, Extensions::ContactMergeAction,
           Extensions::ContactIdentifyAction].each do |extension|
            host = extension.name.split("::").last.safe_constantize
            host.prepend(extension) unless host.nil? || host < extension
          end
        end

        def extend_contact
          ::Contact.prepend(Extensions::Contact) unless ::Contact < Extensions::Contact
        end

        # Any other Rails app may use the API clients.
        def chatwoot? = defined?(::APPS_CONFIG) && !"HookListener".safe_constantize.nil?

        def problems_of(name, methods)
          host = name.safe_constantize
          return ["there is no #{name}"] unless host

          methods.filter_map do |method, arity|
            there = host.method_defined?(method) || host.private_method_defined?(method)
            next "#{name} has no #{method}" unless there

            "#{name}##{method} takes other arguments" unless host.instance_method(method).arity == arity
          end
        end

        def refuse(missing)
          KrayinSync.logger&.error("krayin_sync: Krayin is not offered, because this Chatwoot is not one that this " \
                                   "version knows: #{missing.join("; ")}. Everything else works as before.")
          false
        end

        def open_list? = ::APPS_CONFIG.is_a?(Hash) && !::APPS_CONFIG.frozen?

        def extend_classes
          EXTENDED.each do |name, expected|
            host = name.constantize
            host.prepend(expected[:extension]) unless host < expected[:extension]
          end
        end
      end
    end
  end
end
