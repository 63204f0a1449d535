# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # The attributes of contacts that an account's leads are shown by: made where they are not there, in the account's
    # language. What an administrator has made of one, or under its key, stays, but for the list of stages.
    class AttributeDefinitions
      include Opaque

      # @param hook [Integrations::Hook]
      # @param before [Hash{String => Object}] the hook's settings as they were until now: what was to be chosen by
      #   these and is no more is not to be chosen in Chatwoot either
      # @return [void]
      def self.make(hook, before: {})
        return unless defined?(::CustomAttributeDefinition) && LeadLook.on?(hook.settings.to_h)

        new(hook, before: before).make
      end

      # Whom agents may give a lead to, where they may: a list of Krayin's users, read now.
      # @param hook [Integrations::Hook]
      # @return [void]
      def self.owners(hook)
        return unless LeadAttributes.settable(hook.settings.to_h).include?("krayin_owner")

        definitions = new(hook)
        # Whoever saved the connection may not have come to it yet.
        definitions.make
        definitions.list_owners(LeadReader.new(hook.settings.to_h).users.map { |user| user["name"].to_s.strip })
      end

      # Whether agents' pages can have an attribute of that key: Chatwoot has rules for it, and names of its own.
      # @param account_id [Integer]
      # @param field [MappedField]
      def self.take?(account_id, field)
        return true unless defined?(::CustomAttributeDefinition)

        key = { account_id: account_id, attribute_model: "contact_attribute", attribute_key: field.key }
        return true if ::CustomAttributeDefinition.exists?(key)

        made = ::CustomAttributeDefinition.new(**key, attribute_display_name: field.name,
                                                      attribute_display_type: field.type)
        made.valid?
        made.errors[:attribute_key].empty?
      end

      def initialize(hook, before: {})
        @hook = hook
        @settings = hook.settings.to_h
        @before = before
      end

      def make
        LeadAttributes.wanted(@settings).each do |attribute|
          stages = attribute.type == "list" ? stages_of_account : []
          known = of_account.find_by(attribute_key: attribute.key)
          name = attribute.labels.fetch(language)
          known ? follow(known, stages) : create(attribute.key, name, attribute.type, stages)
        end
        MappedField.of(@settings).each { |field| make_mapped(field) }
      end

      # @param names [Array<String>]
      def list_owners(names)
        known = of_account.find_by(attribute_key: "krayin_owner")
        return if known.nil? || !%w[text list].include?(known.attribute_display_type)

        # An account's Krayins share the list.
        names = ((others_lists? ? known.attribute_values.to_a : []) | names.reject(&:empty?)).sort
        return if known.attribute_display_type == "list" && known.attribute_values == names

        known.update!(attribute_display_type: "list", attribute_values: names)
      end

      private

      def others_lists?
        HookSettings.hooks(@hook.account_id).any? do |hook|
          hook.id != @hook.id && LeadAttributes.settable(hook.settings.to_h).include?("krayin_owner")
        end
      end

      def of_account
        ::CustomAttributeDefinition.where(account_id: @hook.account_id, attribute_model: "contact_attribute")
      end

      # What somebody has added to choose from stays.
      def make_mapped(field)
        known = of_account.find_by(attribute_key: field.key)
        return create(field.key, field.name, field.type, field.choices) unless known

        follow(known, (known.attribute_values.to_a - gone(field)) | field.choices) if field.choices.any?
      end

      # An option that was renamed or deleted; another of the account's Krayins may have one of that name.
      def gone(field)
        return [] if @before.empty?

        others = HookSettings.hooks(@hook.account_id).reject { |hook| hook.id == @hook.id }.map(&:settings)
        choices_of(@before, field) - field.choices - others.flat_map { |settings| choices_of(settings, field) }
      end

      def choices_of(settings, field)
        MappedField.of(settings.to_h).find { |one| one.key == field.key }&.choices.to_a
      end

      def create(key, name, type, values)
        made = { attribute_display_name: name, attribute_display_type: type, attribute_values: values }
        # What is refused ends no transaction that this is within.
        ::CustomAttributeDefinition.transaction(requires_new: true) { of_account.create!(attribute_key: key, **made) }
      rescue ::ActiveRecord::RecordNotUnique, ::ActiveRecord::RecordInvalid
        # Another process has made it.
        raise unless of_account.exists?(attribute_key: key)
      end

      def follow(known, stages)
        # Owners are Krayin's users, who are read by a job.
        return unless known.attribute_display_type == "list" && stages.any?

        known.update!(attribute_values: stages) if known.attribute_values != stages
      end

      # An account's Krayins share the list.
      def stages_of_account
        hooks = HookSettings.hooks(@hook.account_id).map { |hook| hook.id == @hook.id ? @settings : hook.settings.to_h }
        hooks.select { |settings| LeadLook.on?(settings) }
             .flat_map { |settings| LeadAttributes.stages(settings) }.uniq
      end

      def language = HookSettings.language(@hook)
    end
  end
end
