# frozen_string_literal: true

module KrayinSync
  # The person in Krayin who is a contact: by the id that is kept of it, else found by e-mail address, by its channel's
  # id or by phone number in one request, else created.
  class PersonFinderService
    include Opaque

    attr_reader :person_client, :contact

    # @param person_client [Api::PersonClient]
    # @param contact [Contact, Hash, #email]
    def initialize(person_client:, contact:)
      @contact = Arguments.record(contact, "contact")
      @person_client = Arguments.client(person_client, "person_client")
    end

    # @return [Hash] the person, with the server's own keys
    # @raise [ApiError]
    # @raise [DoubtfulError] where only a person can tell
    def perform
      person_client.session.keeping(Records.of_installation).call(:find_person, Snapshot.contact_json(contact))
    end
  end
end
