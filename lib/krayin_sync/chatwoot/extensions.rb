# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What Chatwoot's classes get. Each module is prepended to one of them.
    module Extensions
      # Hands on the events of the sync with the changed attributes, which Chatwoot's own code drops.
      module HookListener
        EVENTS = %i[
          contact_created contact_updated contact_merged contact_deleted conversation_created conversation_updated
          conversation_resolved conversation_contact_changed conversation_deleted message_created message_updated
        ].freeze

        EVENTS.each do |name|
          define_method(name) do |event|
            super(event) if defined?(super)
          ensure
            # Another integration's failure is not this one's.
            Intake.guard { Intake.event(event) }
          end
        end

        # Hands on an event that an extension of the host's hears of.
        # @param name [String]
        # @return [void]
        def self.hear(name)
          return if method_defined?(name)

          define_method(name) do |event|
            super(event) if defined?(super)
          ensure
            Intake.guard { Intake.heard(event) }
          end
        end
      end

      # Its own perform swallows what is raised; a Krayin hook gets a job of its own instead.
      module HookJob
        def perform(hook, event_name, event_data = {})
          return super unless hook.app_id == ProcessorService::APP_ID

          Intake.guard { Intake.take(hook, event_name, event_data) }
        end
      end

      # An import writes contacts without events: they are looked for when it has ended.
      module DataImportJob
        def perform(data_import, *)
          LeadChange.distrusted { super }
        ensure
          Intake.guard { Intake.imported(data_import) }
        end
      end

      # Whose a change of a lead's attributes is.
      module Contact
        def self.prepended(contact)
          contact.before_save :settle_krayin_lead, if: :will_save_change_to_custom_attributes?
          contact.after_save :keep_krayin_lead
          contact.after_commit :bring_krayin_lead
          contact.after_destroy_commit :forget_krayin_lead
        end

        private

        # What goes wrong here is nothing to whoever saves a contact: what should have been put back is so at the next
        # look.
        def settle_krayin_lead
          @krayin_lead = nil
          Intake.guard("a change of a lead's attributes was left to the next look") do
            next if OwnWrite.now? || !krayin_leads?

            change = LeadChange.new(self)
            @krayin_lead = change.settle if change.any?
          end
        end

        # Within Chatwoot's transaction, which what the database refuses here must not end.
        def keep_krayin_lead
          change = @krayin_lead
          @krayin_lead = nil
          return unless change

          Intake.guard("what an agent wants of a lead was not kept") do
            self.class.transaction(requires_new: true) { @krayin_moves = @krayin_moves.to_a + change.keep }
          end
        end

        def bring_krayin_lead
          moves = @krayin_moves.to_a
          @krayin_moves = nil
          Intake.guard("what an agent wants of a lead was left to the next look") { moves.uniq.each(&:enqueue) }
        end

        def forget_krayin_lead
          Intake.guard("what a contact showed that is gone stays") { ShownLead.where(contact_id: id).delete_all }
        end

        def krayin_leads?
          HookSettings.hooks(account_id).any? { |hook| LeadLook.on?(hook.settings.to_h) }
        end
      end

      # A visitor says who it is, by the widget or the public API.
      module ContactIdentifyAction
        def perform = LeadChange.distrusted { super }
      end

      # Who is merged into whom is told by no event.
      module ContactMergeAction
        def perform
          kept = @base_contact
          merged = @mergee_contact
          return super if kept.nil? || merged.nil? || kept.id == merged.id

          ::ActiveRecord::Base.transaction do
            Intake.guard("a merge was not noted") { Merge.note(kept, merged) }
            LeadChange.distrusted { super }
          end
        end
      end

      # Offers Krayin to accounts with the feature alone.
      module App
        # The form in the language of whoever looks at it.
        def params
          given = super
          return given unless given[:id] == ProcessorService::APP_ID && I18n.locale != :en

          given.merge("settings_form_schema" => AppConfig.form(I18n.locale))
        end

        def active?(account)
          return super unless params[:id] == ProcessorService::APP_ID

          account.feature_enabled?(params[:feature_flag])
        end

        # Chatwoot shows it on the page of the integration, and nothing else of the hook.
        def description
          return super unless params[:id] == ProcessorService::APP_ID

          account = ::Current.account if defined?(::Current)
          hooks = account ? HookSettings.hooks(account.id) : []
          hooks.any? ? description_for(*hooks) : [super, token_notice].compact.join(" ")
        end

        # @return [String] with the state of each connection
        def description_for(*hooks)
          text = I18n.t("integration_apps.#{params[:i18n_key]}.description")
          states = hooks.map { |hook| StandingWords.of(hook, named: hooks.many?) }
          [text, *states, token_notice].compact.join(" ")
        end

        private

        # A Chatwoot that knows nothing of visible properties gives all settings to administrators' browsers.
        def token_notice
          return if self.class.method_defined?(:visible_properties)

          I18n.t("integration_apps.#{params[:i18n_key]}.token_notice")
        end
      end

      # The columns of Krayin's page are few; administrators' programs may read more of a hook.
      module Readable
        def visible_properties = AppConfig.readable
      end

      # Sets a hook up once it can be read by others.
      module Hook
        CONNECTION = %w[api_url api_token].freeze

        def self.prepended(hook)
          hook.before_validation :keep_krayin_settings, on: :update, if: :krayin_settings_given?
          hook.validate :check_krayin, if: :krayin_to_check?
          hook.after_commit :set_up_krayin, on: %i[create update], if: :krayin_changed?
          hook.after_commit :follow_krayin_leads, on: %i[create update], if: :krayin_changed?
          hook.after_destroy_commit :leave_krayin_leads, if: :krayin?
        end

        def krayin? = app_id == ProcessorService::APP_ID

        def app
          super.tap { |app| app.extend(Readable) if krayin? && app.respond_to?(:visible_properties) }
        end

        private

        def krayin_settings_given? = krayin? && will_save_change_to_settings?

        # Browsers do not have all of the settings: what is not given stays as it is, what is given as null goes. What
        # another save has changed since this record was read stays too. A token goes to no other server than the one
        # that it was given for.
        def keep_krayin_settings
          given = settings.to_h.stringify_keys
          Siblings.hold(account_id)
          before = self.class.uncached { self.class.unscoped.where(id: id).pick(:settings) }.to_h
          kept = before.merge(krayin_changes(given)).compact
          if given["api_token"].blank?
            same = krayin_origin(kept["api_url"]) == krayin_origin(before["api_url"])
            kept["api_token"] = same ? before["api_token"].to_s : ""
          end
          self.settings = kept
        end

        # A token that comes with another address is that address's.
        def krayin_changes(given)
          read = settings_in_database.to_h
          changed = given.reject { |key, value| read[key] == value }
          changed.key?("api_url") ? changed.merge(given.slice("api_token")) : changed
        end

        def krayin_origin(url)
          URI(url.to_s.strip).then { |uri| [uri.scheme, uri.host&.downcase, uri.port] }
        rescue URI::InvalidURIError
          url
        end

        def krayin_to_check?
          return false unless krayin? && enabled?

          new_record? || will_save_change_to_status? || krayin_choices(settings) != krayin_choices(settings_in_database)
        end

        # All that an administrator chose.
        def krayin_choices(settings)
          settings.to_h.except(*SetupService::KEYS.without("api_url", "api_dialect"), "shares_with", "tokens_refused",
                               "setup_error", "setup_error_at", SetupWarnings::KEY)
        end

        def check_krayin
          return if errors.any?

          Siblings.hold(account_id)
          siblings = Siblings.new(self)
          given = RouteForm.new(settings.to_h.stringify_keys, settings_in_database, account_id).check
          form = Form.new(siblings.check(given), account_id: account_id)
          self.settings = siblings.tell_apart(form.check)
        rescue Form::Refused => e
          errors.add(:base, e.message, field: e.field)
        end

        def krayin_changed?
          krayin? && enabled? &&
            (previously_new_record? || saved_change_to_settings? || saved_change_to_status?)
        end

        # Where it could be checked when it was saved, it is set up. The record is committed: the sweep sets it up where
        # its job cannot be pushed.
        def set_up_krayin
          Intake.guard("the panel's tab was not made") { PanelApp.make(account) } if previously_new_record?
          Intake.guard("a connection's set-up was left to the sweep") do
            catch_up if saved_change_to_status? && !previously_new_record?
            next SetupJob.enqueue(id) if settings.to_h["traits"].nil? || settings.to_h.key?("setup_error")

            HookSettings.works(self)
            AttributeDefinitions.make(self)
          end
        end

        def follow_krayin_leads
          Intake.guard(BothWaysJob::NOT_FOLLOWED) { BothWaysJob.follow(self) }
        end

        # What contacts show of it is nobody's any more. Its token goes with it, so its workflow goes now or stays.
        def leave_krayin_leads
          Intake.guard("what contacts show was left to the sweep") { BothWaysJob.enqueue(id) if ShownLead.of_hook?(id) }
          Intake.guard("a workflow in Krayin stays") { Workflow.new(self).part }
          Intake.guard("the panel's tab stays") { PanelApp.take_away(account_id) }
          [LeadLook, PanelAct].each do |rows|
            Intake.guard("#{rows.table_name} has rows of no connection") do
              rows.where(hook_id: id).delete_all if rows.table_exists?
            end
          end
        end

        # What came while it was disabled was left out, and so was what waited then.
        def catch_up
          since = [updated_at_before_last_save || updated_at, SwitchedOff.since(id)].compact.min
          SweepJob.enqueue(seconds: (Time.now - since).ceil + 60, account_id: account_id)
        end
      end
    end
  end
end

KrayinSync.configuration.extensions.events.each { |name| KrayinSync::Chatwoot::Extensions::HookListener.hear(name) }
