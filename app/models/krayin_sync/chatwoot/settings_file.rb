# frozen_string_literal: true

require "yaml"

module KrayinSync
  module Chatwoot
    # Settings that are kept in version control: config/krayin_sync.yml, taken over by `rake krayin_sync:configure`.
    #
    #   all:
    #     stage_progression_enabled: true
    #   accounts:
    #     3:
    #       field_mapping: [lead.plan = plan, person.vip = custom_attributes.vip]
    #       stage_rules: [label vip -> Negotiation]
    #       krayins:
    #         Sales:
    #           route_inboxes: [Web, Shop]
    class SettingsFile
      include Opaque

      # What no file in version control holds, and what the installation's own code decides.
      SECRET = %w[api_token].freeze
      PARTS = %w[all accounts].freeze
      # Where an account's connections have settings of their own, by their names.
      NAMED = "krayins"

      # @param path [#to_s]
      # @raise [ConfigurationError] where it cannot be read, or has what is no setting of an administrator's
      def initialize(path)
        @path = path.to_s
        @content = read
      end

      # @return [Array<String>] what became of each connection
      # @raise [ConfigurationError] naming the account whose settings are refused
      def apply
        HookSettings.hooks.map do |hook|
          wanted = settings_of(hook.account_id, HookSettings.name(hook.settings))
          changed = wanted.reject { |key, value| hook.settings.to_h[key] == value }
          hook.update!(settings: changed) if changed.any?
          "#{HookSettings.title(hook)}: #{changed.empty? ? "nothing to change" : changed.keys.join(", ")}"
        rescue ::ActiveRecord::RecordInvalid => e
          refuse("#{HookSettings.title(hook).sub("Account", "account")}: #{e.record.errors.full_messages.join(" ")}")
        end
      end

      # @param name [String, nil] of one of its connections
      # @return [Hash{String => Object}]
      def settings_of(account, name = nil)
        own = @content["accounts"].to_h.transform_keys(&:to_s)[account.to_s].to_h
        named = own[NAMED].to_h.find { |known, _| known.to_s.casecmp?(name.to_s) }&.last
        @content["all"].to_h.merge(own.except(NAMED), named.to_h).to_h { |key, value| [key, as_typed(key, value)] }
      end

      private

      def read
        content = YAML.safe_load_file(@path) || {}
        given = content.is_a?(Hash) && [content["all"], *accounts(content["accounts"].to_h.values)].compact
        refuse("it must have all: or accounts: with settings") unless given && (content.keys - PARTS).empty?
        refuse("settings must be keys with values") unless given.all?(Hash)

        unknown = given.flat_map(&:keys).uniq - administrators
        refuse("#{unknown.join(", ")} can be no setting there") if unknown.any?
        content
      rescue Errno::ENOENT
        refuse("there is no such file")
      rescue Psych::Exception, NoMethodError
        refuse("it is not YAML of keys and values")
      end

      def accounts(given)
        given.flat_map { |own| own.is_a?(Hash) ? [own.except(NAMED), *own[NAMED].to_h.values] : [own] }
      end

      # As it is entered in the form.
      def as_typed(key, value)
        return value unless value.is_a?(Array)

        value.join(key == "stage_rules" ? "; " : ", ")
      end

      def administrators
        Settings.table.select { |row| row["set_by"] == "administrator" }.map { |row| row["key"] } - SECRET
      end

      def refuse(why) = raise(ConfigurationError, "#{File.basename(@path)}: #{why}.")
    end
  end
end
