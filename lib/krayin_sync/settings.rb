# frozen_string_literal: true

module KrayinSync
  # The settings of a hook, read by the core: what is true in the one language is not false in the other.
  module Settings
    class << self
      # @return [Array<Hash{String => Object}>] key, kind, must_be (in words), choices (each with its names), set_by
      #   (administrator, set_up or installation), required and shown of each; default, label and help in en, pt and es
      def table = @table ||= JSON.parse(Native.settings).each(&:freeze).freeze

      # Reads settings as the core does.
      # @param settings [#to_h]
      # @return [Hash{String => Object}] those that are set, each in its kind's own form
      # @raise [ConfigurationError] naming each key that cannot be read
      def read(settings) = JSON.parse(Native.read_settings(Snapshot.json(Arguments.settings(settings))))

      # Whether a conversation may make a lead of its contact.
      # @param settings [#to_h]
      def leads_by_conversation?(settings)
        %w[per_conversation on_label by_inbox].include?(Arguments.settings(settings)["lead_policy"].to_s)
      end

      # Those of {sources} that are known in a conversation alone.
      OF_CONVERSATIONS = /\A(?:conversation|assignee|team|inbox|channel|campaign|csat|first_touch|referral)\./
      private_constant :OF_CONVERSATIONS

      # What says which these are.
      SOURCED = %w[field_mapping stage_rules owner_policy label_tags lead_sources].freeze
      private_constant :SOURCED

      # What field_mapping, owner_policy, label_tags and lead_sources take from Chatwoot and stage_rules look at:
      # +["plan", "conversation.priority"]+; none where they cannot be read.
      # @param settings [#to_h]
      # @return [Array<String>]
      def sources(settings)
        given = Arguments.settings(settings)
        asked = given.slice(*SOURCED).reject { |_, lines| lines.to_s.strip.empty? }
        return [] if asked.empty?

        JSON.parse(Native.setting_sources(Snapshot.json(given.slice("stage_progression_enabled").merge(asked))))
      rescue ConfigurationError
        []
      end

      # Whether anything that is written of a contact is known in a conversation alone.
      # @param settings [#to_h]
      def maps_conversations?(settings) = sources(settings).any?(OF_CONVERSATIONS)

      # @param settings [#to_h]
      # @return [String] the locale of what is said about a hook: its own, else the installation's
      def locale(settings)
        own = Arguments.settings(settings)["language"].to_s.strip
        own.empty? ? KrayinSync.configuration.locale : own
      end

      # Whether a toggle is on; one that cannot be read is not.
      # @param settings [#to_h]
      # @param key [String]
      def on?(settings, key)
        read({ key => Arguments.settings(settings)[key] })[key] == true
      rescue ConfigurationError
        false
      end

      # @param settings [#to_h]
      # @param key [String]
      # @return [String, nil] the word that was chosen; nil where none was, or one that cannot be read
      def choice(settings, key)
        read({ key => Arguments.settings(settings)[key] })[key]
      rescue ConfigurationError
        nil
      end
    end
  end
end
