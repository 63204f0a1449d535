# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A message that was deleted in Chatwoot loses its words in Krayin too. One that is not there has none to lose.
    class Deletion
      COMMENT = "<i>This message was deleted in Chatwoot.</i>"

      # @param settings [Hash{String => Object}] the hook's
      # @param records [#load]
      def initialize(message_id, settings, records)
        @message_id = message_id
        @settings = settings
        @records = records
      end

      # @raise [ApiError]
      def perform
        kept = @records.load("message", @message_id)
        activity = kept && ExternalId.extract(JSON.parse(kept)["ids"], "activity")
        client.update_activity({ "comment" => COMMENT }, activity) if activity
      rescue NotFoundError
        # Someone has deleted it in Krayin as well.
        nil
      end

      private

      def client
        url, token = @settings.values_at("api_url", "api_token")
        Api::ActivityClient.new(url, token, **@settings.except("api_url", "api_token").transform_keys(&:to_sym))
      end
    end
  end
end
