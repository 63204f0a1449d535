# frozen_string_literal: true

module KrayinSync
  module Api
    # Sources of leads. Records are hashes with the server's own keys.
    class SourceClient < BaseClient
      # @return [Array<Hash>]
      def get_sources = session.call(:sources)

      # Needs +name+.
      # @return [Hash]
      def create_source(source_data) = post("settings/sources", source_data).fetch("data")
    end
  end
end
