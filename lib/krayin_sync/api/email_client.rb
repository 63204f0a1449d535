# frozen_string_literal: true

module KrayinSync
  module Api
    # E-mails of Krayin's own mailbox, where the REST package serves them. Records are hashes with the server's own
    # keys.
    class EmailClient < BaseClient
      # @return [Array<Hash>]
      def get_emails = get("mails", pagination: 0).fetch("data")

      # @return [Hash]
      def get_email(email_id) = get("mails/#{id!(email_id)}").fetch("data")

      # Sends one, or keeps it as a draft. Needs +reply_to+ (addresses) and +reply+. Look before repeating it: a second
      # one is sent as well.
      # @return [Hash]
      def create_email(email_data) = post("mails", email_data).fetch("data")

      # @param type [String] +trash+ moves it there, +delete+ deletes it
      # @return [void]
      def delete_email(email_id, type: "trash")
        delete("mails/#{id!(email_id)}", type: text(type, "the type").to_s)
        nil
      end
    end
  end
end
