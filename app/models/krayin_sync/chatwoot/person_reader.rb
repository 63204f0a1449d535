# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Persons and organizations as a Krayin answers them; see {LeadReader}.
    class PersonReader < LeadReader
      PERSONS = "contacts/persons"
      ORGANIZATIONS = "contacts/organizations"

      # @param ids [Array<Integer>]
      # @return [Array<Hash>] those of them that there are
      def persons(ids)
        found, = list({ "id" => ids.join(","), "limit" => MOST }, PERSONS)
        found.select { |person| ids.include?(person["id"]) }
      end

      # @param ids [Array<Integer>]
      # @return [Array(Array<Hash>, Boolean)] who belongs to these organizations, and whether these are all
      def of_organizations(ids)
        found, = list({ "organization_id" => ids.join(","), "limit" => MOST }, PERSONS)
        [found.select { |person| ids.include?(organization_id(person)) }, found.size < MOST]
      end

      # @param path [String] of persons or leads
      # @param tag [Integer]
      # @return [Array<Integer>] who bears it
      def tagged(path, tag, limit:)
        query = { "search" => "tags.id:#{tag}", "searchFields" => "tags.id:=", "limit" => limit }
        found, = list(query, "#{path}/search")
        found.map { |record| record["id"] }
      end

      private

      def organization_id(person)
        person["organization"].is_a?(Hash) ? person["organization"]["id"] : person["organization_id"]
      end
    end
  end
end
