# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Where people see a record in Chatwoot's own pages, below its address.
    module ChatwootPages
      class << self
        # @param id [Integer] a contact's
        # @return [String]
        def contact(account_id, id) = "#{of(account_id)}/contacts/#{id}"

        # @param number [Integer] of the conversation, as people see it
        # @return [String]
        def conversation(account_id, number) = "#{of(account_id)}/conversations/#{number}"

        private

        def of(account_id) = "/app/accounts/#{account_id}"
      end
    end
  end
end
