# frozen_string_literal: true

module KrayinSync
  module Api
    # Users: whom leads and persons can be given to. Records are hashes with the server's own keys.
    class UserClient < BaseClient
      # @return [Array<Hash>]
      def get_users = get("settings/users", pagination: 0).fetch("data")

      # @return [Hash, nil] the one with that address, without regard to case
      def find_user(email)
        wanted = text(email, "the email").to_s.strip
        # A comma in a filter makes two values of it; and a server may not know the filter.
        return if wanted.empty? || wanted.include?(",")

        get("settings/users", email: wanted).fetch("data").find { |user| user["email"].to_s.casecmp?(wanted) }
      end

      # @return [Hash] the user behind the token
      def current_user = get("get").fetch("data")
    end
  end
end
