# frozen_string_literal: true

module KrayinSync
  module Mappers
    # A conversation as an activity of Krayin. Pure: the same conversation gives the same hash.
    class ConversationMapper
      include Opaque

      def self.map_to_activity(conversation, person_id, settings)
        new(conversation).map_to_activity(person_id, settings)
      end

      # @param conversation [Conversation, Hash, #display_id] a record of Chatwoot's, or what quacks like one
      # @raise [ArgumentError]
      def initialize(conversation)
        @record = Arguments.record(conversation, "conversation")
        @json = Snapshot.conversation_json(@record)
      end

      # @param person_id [Integer]
      # @param settings [Hash] a hook's
      # @return [Hash{Symbol => Object}] type, title, comment, person_id, is_done, and for a call or an e-mail
      #   schedule_from, schedule_to, additional
      # @raise [ConfigurationError]
      def map_to_activity(person_id, settings)
        person_id = Arguments.id(person_id, "the person's id")
        json = Native.map_conversation(@json, person_id, Snapshot.json(Arguments.settings(settings)))
        activity = JSON.parse(json, symbolize_names: true)
        activity.merge(is_done: activity[:is_done] == 1)
      end

      private

      # What it maps, for classes that descend from it: as it was handed over, and of a hash its fields by name, as the
      # sync hands them over.
      def conversation = @conversation ||= SnapshotRecord.of(@record, @json)
    end
  end
end
