# frozen_string_literal: true

module KrayinSync
  # The lead in Krayin that is a person's: an open one before a closed one, the oldest of several, else created.
  class LeadFinderService
    attr_reader :lead_client, :contact, :person_id, :settings

    # @param lead_client [Api::LeadClient]
    # @param contact [Contact, Hash, #name]
    # @param person_id [Integer]
    # @param settings [Hash] a hook's
    def initialize(lead_client:, contact:, person_id:, settings:)
      @lead_client = lead_client
      @contact = contact
      @person_id = person_id
      @settings = settings
    end

    # @return [Hash] the lead, with the server's own keys
    # @raise [ApiError]
    # @raise [ConfigurationError] where a lead must be created and no stage is known
    def perform
      # The client's own address and token hold, whatever the settings say.
      session = lead_client.session
      session.with(settings.to_h.transform_keys(&:to_s).except("api_url", "api_token"))
             .call(:find_lead, Snapshot.contact_json(contact), person_id)
    end
  end
end
