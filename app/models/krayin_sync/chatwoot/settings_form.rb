# frozen_string_literal: true

require "timeout"

module KrayinSync
  module Chatwoot
    # A connection's settings as an administrator changes them: each with what it means and what it may be, and where
    # they cannot be saved with what is wrong beside each. Whatever is a secret is taken, and never told.
    class SettingsForm
      include Opaque

      # Seconds for which what was asked of Krayin for the lists holds, and that asking may take.
      FRESH = 300
      LIMIT = 8

      class << self
        # @return [Array<String>] what an administrator sets
        def keys = rows.map { |row| row["key"] }

        # @return [Hash{String => Array}] those that may be lists too
        def lists = keys.to_h { |key| [key.to_sym, []] }.except(:api_url, :api_token)

        # @return [Array<Hash>] of the table of settings
        def rows = Settings.table.select { |row| row["set_by"] == "administrator" && row["label"]["en"].present? }
      end

      # @param hook [Integrations::Hook]
      def initialize(hook)
        @hook = hook
        @settings = hook.settings.to_h
      end

      # @return [Hash{Symbol => Object}] fields (key, kind, label, help, options, value; of a secret whether it is set)
      #   and lists: pipelines with their stages, sources, types, users, attributes, and of Chatwoot inboxes, labels,
      #   teams, agents and its attributes; nil where Krayin could not be asked
      def to_h = { fields: fields, lists: { **krayin, **chatwoot } }

      # @param given [Hash{String => Object}]
      # @return [Array<Hash{Symbol => String, nil}>] what is wrong: key (nil where none is known) and message
      def save(given)
        changes = given.slice(*self.class.keys).transform_values { |value| value == false ? value : value.presence }
        # Blank it stays as it is.
        changes.delete("api_token") if changes["api_token"].nil?
        wrong = unreadable(changes)
        return wrong if wrong.any?

        # The extension of {Extensions::Hook} keeps what is not given.
        return [] if @hook.update(settings: changes)

        @hook.errors.map { |error| { key: error.options[:field], message: error.message } }
      end

      # @return [Array<Hash{Symbol => Object}>] Krayin's sources as they were asked for of late; it is not asked now
      def sources_seen = ::Rails.cache.read(kept_as).to_h[:sources].to_a

      private

      def locale = ::I18n.locale

      def language = Reason.language(locale)

      def fields
        inputs = AppConfig.form(locale).to_h { |input| [input["name"], input] }
        self.class.rows.map do |row|
          input = inputs.fetch(row["key"])
          field = { key: row["key"], kind: row["kind"], label: input["label"], help: input["help"],
                    required: row["required"] == true, options: input["options"] }
          row["kind"] == "secret" ? field.merge(set: @settings[row["key"]].present?) : field.merge(value: value(row))
        end
      end

      def value(row)
        kept = @settings[row["key"]]
        return Settings.on?(@settings, row["key"]) if row["kind"] == "toggle"
        return kept.join(row["kind"] == "texts" ? ", " : "\n") if kept.is_a?(Array)

        kept.to_s
      end

      # All that is wrong at once, each beside its field.
      def unreadable(changes)
        Settings.read(@settings.merge(changes).compact.except("traits"))
        []
      rescue ConfigurationError => e
        return [{ key: nil, message: e.message }] if e.problems.empty?

        e.problems.map do |problem|
          { key: ConnectionFailure.field_of(problem), message: capital(problem.sentence(locale.to_s)) }
        end
      end

      def capital(text) = text.sub(/\A\p{Ll}(?!\w*_)/, &:upcase)

      def krayin
        traits = @settings["traits"].to_h
        pipelines = traits["pipelines"].to_a.map { |one| one.slice("id", "name", "stages") }
        attributes = traits["attributes"].to_a.map { |one| "#{one["entity_type"].to_s.singularize}.#{one["code"]}" }
        { pipelines: pipelines, attributes: attributes, **asked }
      end

      def chatwoot
        account = @hook.account_id
        definitions = ::CustomAttributeDefinition.where(account_id: account)
        { inboxes: ::Inbox.where(account_id: account).order(:name).pluck(:name),
          labels: ::Label.where(account_id: account).order(:title).pluck(:title),
          teams: ::Team.where(account_id: account).order(:name).pluck(:name),
          agents: Agents.of(account).order(:name).pluck(:name),
          own: definitions.order(:attribute_key).pluck(:attribute_key).uniq,
          shown: LeadAttributes::ALL.map(&:name) }
      end

      # Of Krayin's lists those that the set-up does not keep. Asked once in a while.
      def asked
        nothing = { sources: nil, types: nil, users: nil }
        return nothing if @settings["traits"].nil? || @settings["setup_error"]

        ::Rails.cache.fetch(kept_as, expires_in: FRESH) do
          ::Timeout.timeout(LIMIT) { ask }
        end
      rescue Error, ::Timeout::Error
        nothing
      end

      def kept_as = RedisStore.key("lists", RedisStore.connection_id(@settings))

      def ask
        leads = Api::LeadClient.new(*connection, **limits)
        named = ->(rows) { rows.map { |row| { id: row["id"], name: row["name"].to_s } } }
        { sources: named.call(leads.get_sources), types: named.call(leads.get_types),
          users: named.call(Api::UserClient.new(*connection, **limits).get_users) }
      end

      def connection = @settings.values_at("api_url", "api_token")

      def limits
        { deadline: LIMIT / 2, attempt_timeout: LIMIT / 2, api_dialect: @settings["api_dialect"],
          traits: @settings["traits"] }.compact
      end
    end
  end
end
