# frozen_string_literal: true

module KrayinSync
  module Mappers
    # A contact as a person, a lead and an organization of Krayin. Pure: the same contact gives the same hashes.
    class ContactMapper
      include Opaque

      class << self
        def map_to_person(contact) = new(contact).map_to_person

        def map_to_lead(contact, person_id, settings) = new(contact).map_to_lead(person_id, settings)

        def map_to_organization(contact) = new(contact).map_to_organization
      end

      # @param contact [Contact, Hash, #name] a record of Chatwoot's, or what quacks like one
      # @raise [ArgumentError]
      def initialize(contact)
        @record = Arguments.record(contact, "contact")
        @json = Snapshot.contact_json(@record)
      end

      # @return [Hash{Symbol => Object}] name, emails, contact_numbers, job_title
      def map_to_person = parse(Native.map_to_person(@json))

      # @param person_id [Integer, nil]
      # @param settings [Hash] a hook's
      # @return [Hash{Symbol => Object}] title, lead_value, description, person_id, pipeline, stage, source, type
      # @raise [ConfigurationError]
      def map_to_lead(person_id, settings)
        person_id &&= Arguments.id(person_id, "the person's id")
        parse(Native.map_to_lead(@json, person_id, Snapshot.json(Arguments.settings(settings))))
      end

      # @return [Hash{Symbol => Object}, nil] name, address; nil where the contact has no company
      def map_to_organization = parse(Native.map_to_organization(@json))

      def has_organization? = !map_to_organization.nil? # rubocop:disable Naming/PredicateName

      private

      # What it maps, for classes that descend from it: as it was handed over, and of a hash its fields by name, as the
      # sync hands them over.
      def contact = @contact ||= SnapshotRecord.of(@record, @json)

      def parse(json) = JSON.parse(json, symbolize_names: true)
    end
  end
end
