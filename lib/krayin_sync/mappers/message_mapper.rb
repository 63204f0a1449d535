# frozen_string_literal: true

module KrayinSync
  module Mappers
    # A message as an activity of Krayin.
    class MessageMapper
      def self.map_to_activity(message, person_id, settings)
        new(message).map_to_activity(person_id, settings)
      end

      def initialize(message)
        @message = message
      end

      # @raise [NotImplementedError] this version maps contacts only
      def map_to_activity(_person_id, _settings)
        raise NotImplementedError, "this version maps contacts only"
      end
    end
  end
end
