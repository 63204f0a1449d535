# frozen_string_literal: true

module KrayinSync
  module Mappers
    # A conversation as an activity of Krayin.
    class ConversationMapper
      def self.map_to_activity(conversation, person_id, settings)
        new(conversation).map_to_activity(person_id, settings)
      end

      def initialize(conversation)
        @conversation = conversation
      end

      # @raise [NotImplementedError] this version maps contacts only
      def map_to_activity(_person_id, _settings)
        raise NotImplementedError, "this version maps contacts only"
      end
    end
  end
end
