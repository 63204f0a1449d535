# frozen_string_literal: true

module KrayinSync
  # The lead in Krayin that is a person's: the one whose id is kept of the contact, else an open one before a closed
  # one, the oldest of several, else created.
  class LeadFinderService
    include Opaque

    attr_reader :lead_client, :contact, :person_id, :settings

    # @param lead_client [Api::LeadClient]
    # @param contact [Contact, Hash, #name]
    # @param person_id [Integer]
    # @param settings [Hash] a hook's
    def initialize(lead_client:, contact:, person_id:, settings:)
      @contact = Arguments.record(contact, "contact")
      @person_id = Arguments.id(person_id, "the person's id")
      @lead_client = Arguments.client(lead_client, "lead_client")
      @settings = settings
    end

    # @return [Hash] the lead, with the server's own keys
    # @raise [ApiError]
    # @raise [ConfigurationError] where a lead must be created and no stage is known
    def perform
      # The client's own address and token hold, whatever the settings say.
      session = lead_client.session
      session.with(Arguments.settings(settings).except("api_url", "api_token")).keeping(Records.of_installation)
             .call(:find_lead, Snapshot.contact_json(contact), person_id)
    end
  end
end
