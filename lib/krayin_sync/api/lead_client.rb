# frozen_string_literal: true

module KrayinSync
  module Api
    # Leads, and what they need to know of the settings. Records are hashes with the server's own keys.
    class LeadClient < BaseClient
      # @return [Array<Hash>] those whose person has this e-mail address or this number, the oldest first
      def search_lead(email: nil, phone: nil)
        session.call(:search_lead, text(email, "the email"), text(phone, "the phone"))
      end

      # Needs +lead_pipeline_stage_id+, and +person_id+ or else it is nobody's. A nested +person+ is created in the same
      # request.
      # @return [Hash]
      def create_lead(lead_data) = session.call(:create_lead, fields!(lead_data))

      # Products stay; without +expected_close_date+ it is cleared.
      # @return [Hash]
      def update_lead(lead_data, lead_id) = session.call(:update_lead, fields!(lead_data), id!(lead_id))

      # @return [Hash]
      def get_lead(lead_id) = session.call(:get_lead, id!(lead_id))

      # @return [Array<Hash>] each with its +stages+ in order
      def get_pipelines = session.call(:pipelines)

      # @return [Array<Hash>] the pipeline's, in order; the default one's without an id
      def get_stages(pipeline_id = nil) = session.call(:stages, pipeline_id && id!(pipeline_id))

      # @return [Array<Hash>]
      def get_sources = session.call(:sources)

      # @return [Array<Hash>]
      def get_types = session.call(:types)
    end
  end
end
