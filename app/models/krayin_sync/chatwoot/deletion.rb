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
        kept = JSON.parse(@records.load("message", @message_id) || "{}")
        activity = ExternalId.extract(kept["ids"], "activity") if ours?(kept)
        client.update_activity({ "comment" => COMMENT }, activity) if activity
      rescue NotFoundError
        # Someone has deleted it in Krayin as well.
        nil
      end

      private

      # Of this Krayin, and seen to be the message's.
      def ours?(kept) = kept["server"] == @settings.dig("traits", "instance") && !kept["unverified"]

      def client
        url, token = @settings.values_at("api_url", "api_token")
        Api::ActivityClient.new(url, token, **@settings.except("api_url", "api_token").transform_keys(&:to_sym))
      end
    end
  end
end
