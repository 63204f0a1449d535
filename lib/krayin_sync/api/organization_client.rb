# frozen_string_literal: true

module KrayinSync
  module Api
    # Organizations. Records are hashes with the server's own keys.
    class OrganizationClient < BaseClient
      # @return [Array<Hash>] those of exactly that name, without regard to case
      def search_organization(name) = session.call(:search_organization, text(name, "the name").to_s)

      # Needs +name+.
      # @return [Hash]
      def create_organization(org_data) = session.call(:create_organization, fields!(org_data))

      # @return [Hash]
      def update_organization(org_data, org_id) = session.call(:update_organization, fields!(org_data), id!(org_id))

      # Of one that is not there all packages but the community's break, which is a {ServerError}:
      # <tt>get("contacts/organizations", id: 7)["data"]</tt> is empty on every server.
      # @return [Hash]
      # @raise [NotFoundError]
      def get_organization(org_id) = session.call(:get_organization, id!(org_id))
    end
  end
end
