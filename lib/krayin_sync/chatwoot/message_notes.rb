# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What is noted about a message beside its words: answers to what was asked, and that it was deleted.
    module MessageNotes
      class << self
        # The column is a hash, or what another program has put there.
        # @param message [Message, #content_attributes]
        # @return [Hash{String => Object}]
        def of(message)
          noted = message.content_attributes
          noted = JSON.parse(noted) if noted.is_a?(String)
          noted.respond_to?(:to_h) ? noted.to_h.stringify_keys : {}
        rescue JSON::ParserError, TypeError
          {}
        end

        # Chatwoot keeps a message that was deleted, and replaces its words.
        # @param message [Message, #content_attributes]
        def deleted?(message) = of(message)["deleted"] ? true : false
      end
    end
  end
end
