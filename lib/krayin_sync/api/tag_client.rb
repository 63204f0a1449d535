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

      # One tag, also where the answer is lost.
      # @param color [String, nil] +#1f93ff+
      # @return [Hash]
      def create_tag(name, color: nil)
        session.call(:create_tag, text(name, "the name").to_s, text(color, "the color"))
      end

      # Puts a tag on a lead; one that is there stays.
      # @return [void]
      def tag_lead(lead_id, tag_id) = attach("leads/#{id!(lead_id)}/tags", tag_id)

      # Puts a tag on a person; one that is there stays.
      # @return [void]
      def tag_person(person_id, tag_id) = attach("contacts/persons/#{id!(person_id)}/tags", tag_id)

      # Takes a tag off a lead.
      # @return [void]
      def untag_lead(lead_id, tag_id) = detach("leads/#{id!(lead_id)}/tags", tag_id)

      # Takes a tag off a person.
      # @return [void]
      def untag_person(person_id, tag_id) = detach("contacts/persons/#{id!(person_id)}/tags", tag_id)

      private

      def attach(path, tag_id)
        post(path, tag_id: id!(tag_id))
        nil
      end

      # Without the id all tags would go. Some servers say so where it is not there.
      def detach(path, tag_id)
        delete(path, tag_id: id!(tag_id))
        nil
      rescue NotFoundError
        nil
      end
    end
  end
end
