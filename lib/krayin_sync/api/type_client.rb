# frozen_string_literal: true

module KrayinSync
  module Api
    # Types of leads. Records are hashes with the server's own keys.
    class TypeClient < BaseClient
      # @return [Array<Hash>]
      def get_types = session.call(:types)

      # Needs +name+.
      # @return [Hash]
      def create_type(type_data) = post("settings/types", type_data).fetch("data")
    end
  end
end
