# frozen_string_literal: true

module KrayinSync
  module Api
    # Sources of leads. Records are hashes with the server's own keys.
    class SourceClient < BaseClient
      # @return [Array<Hash>]
      def get_sources = session.call(:sources)

      # One source, also where the answer is lost. Needs +name+.
      # @return [Hash]
      def create_source(source_data)
        name = Arguments.fields(Arguments.hash(source_data)).transform_keys(&:to_s)["name"]
        session.call(:create_source, text(name, "the name").to_s)
      end
    end
  end
end
