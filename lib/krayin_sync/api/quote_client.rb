# frozen_string_literal: true

module KrayinSync
  module Api
    # Quotes, where the REST package serves them. Records are hashes with the server's own keys.
    class QuoteClient < BaseClient
      # @return [Array<Hash>]
      def get_quotes = get("quotes", pagination: 0).fetch("data")

      # @return [Hash]
      def get_quote(quote_id) = get("quotes/#{id!(quote_id)}").fetch("data")

      # Needs +subject+, +person_id+, +user_id+ and +items+; +lead_id+ puts it on a lead. Look before repeating it:
      # nothing tells a second one from the first.
      # @return [Hash]
      def create_quote(quote_data) = post("quotes", quote_data).fetch("data")

      # Without +lead_id+ it is taken off its lead.
      # @return [Hash]
      def update_quote(quote_data, quote_id) = put("quotes/#{id!(quote_id)}", quote_data).fetch("data")

      # @return [void]
      def delete_quote(quote_id)
        delete("quotes/#{id!(quote_id)}")
        nil
      end
    end
  end
end
