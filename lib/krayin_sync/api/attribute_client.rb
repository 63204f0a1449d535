# frozen_string_literal: true

module KrayinSync
  module Api
    # The attributes of persons, leads, organizations and others, the custom ones too. Records are hashes with the
    # server's own keys.
    class AttributeClient < BaseClient
      # @param entity_type [#to_s, nil] "persons", "leads", "organizations" …; all where nil
      # @return [Array<Hash>] each with code, name, type, options, is_required and is_unique
      def get_attributes(entity_type = nil)
        all = get("settings/attributes", pagination: 0).fetch("data")
        entity_type ? all.select { |attribute| attribute["entity_type"] == entity_type.to_s } : all
      end

      # Needs +code+, +name+, +type+ and +entity_type+.
      # @return [Hash]
      def create_attribute(attribute_data) = post("settings/attributes", attribute_data).fetch("data")
    end
  end
end
