# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Persons and organizations as a Krayin answers them; see {LeadReader}.
    class PersonReader < LeadReader
      PERSONS = "contacts/persons"
      ORGANIZATIONS = "contacts/organizations"

      # Several ask for the same within a look.
      def newest(limit, path = LEADS)
        @newest ||= {}
        @newest[[limit, path]] ||= super
      end

      # @param ids [Array<Integer>]
      # @return [Array<Hash>] those of them that there are
      def persons(ids)
        found, = list({ "id" => ids.join(","), "limit" => MOST }, PERSONS)
        found.select { |person| ids.include?(person["id"]) }
      end

      # @return [Hash, nil] nothing where there is none
      def person(id) = id && persons([id]).first

      # Writes a person's own attributes; what Krayin would take away by that goes along as it is.
      # @param person [Hash] as it is now
      # @param fields [Hash{String => Object}]
      # @return [Boolean] whether it was written; not where that would take something away
      def write_person(person, fields)
        kept = flags(person, "persons", PERSONS)
        return false unless kept

        # Who is not named as owner is owner no longer. By addresses and numbers Krayin tells persons apart.
        owner = person["sales_owner"]
        kept["user_id"] = owner["id"] if owner.is_a?(Hash)
        body = JSON.generate(kept.merge(person.slice("emails", "contact_numbers").compact_blank, fields))
        @session.call(:request, "PUT", "#{PERSONS}/#{person["id"]}", "[]", body)
        true
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
