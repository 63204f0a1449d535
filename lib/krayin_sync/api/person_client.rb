# frozen_string_literal: true

module KrayinSync
  module Api
    # Persons. Records are hashes with the server's own keys; +emails+ and +contact_numbers+ are always lists.
    class PersonClient < BaseClient
      # One request for both; every hit is checked. None is sent where neither could be searched for.
      # @return [Array<Hash>] those with this e-mail address or this number, the oldest first
      def search_person(email: nil, phone: nil)
        session.call(:search_person, text(email, "the email"), text(phone, "the phone"))
      end

      # Needs +name+, and an entry each in +emails+ and +contact_numbers+: without a number all packages but the
      # community's break, which is a {ServerError}.
      # @return [Hash]
      def create_person(person_data) = session.call(:create_person, fields!(person_data))

      # Needs +contact_numbers+, as {#create_person} does. +emails+ and +contact_numbers+ replace what is there; without
      # +user_id+ the owner is cleared.
      # @return [Hash]
      def update_person(person_data, person_id) = session.call(:update_person, fields!(person_data), id!(person_id))

      # Of a person who is not there all packages but the community's break, which is a {ServerError}:
      # <tt>get("contacts/persons", id: 7)["data"]</tt> is empty on every server.
      # @return [Hash]
      # @raise [NotFoundError]
      def get_person(person_id) = session.call(:get_person, id!(person_id))
    end
  end
end
