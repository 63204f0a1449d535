# frozen_string_literal: true

module KrayinSync
  module Api
    # Tags, and whom they are on. Records are hashes with the server's own keys.
    class TagClient < BaseClient
      # @return [Array<Hash>]
      def get_tags = get("settings/tags", pagination: 0).fetch("data")

      # @return [Hash, nil] the one of that name, without regard to case
      def find_tag(name)
        wanted = text(name, "the name").to_s.strip
        return if wanted.empty?

        # A comma in a filter makes two values of it.
        found = wanted.include?(",") ? get_tags : get("settings/tags", name: wanted).fetch("data")
        found.find { |tag| tag["name"].to_s.strip.casecmp?(wanted) }
      end

      # @return [Hash]
      def create_tag(name) = post("settings/tags", name: text(name, "the name").to_s).fetch("data")

      # Puts a tag on a lead; one that is there stays.
      # @return [void]
      def tag_lead(lead_id, tag_id) = attach("leads/#{id!(lead_id)}/tags", tag_id)

      # Puts a tag on a person; one that is there stays.
      # @return [void]
      def tag_person(person_id, tag_id) = attach("contacts/persons/#{id!(person_id)}/tags", tag_id)

      private

      def attach(path, tag_id)
        post(path, tag_id: id!(tag_id))
        nil
      end
    end
  end
end
