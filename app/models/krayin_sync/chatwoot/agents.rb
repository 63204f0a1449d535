# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Who works for an account.
    module Agents
      # @return [ActiveRecord::Relation<User>]
      def self.of(account_id)
        ::User.where("id IN (SELECT user_id FROM account_users WHERE account_id = ?)", account_id)
      end
    end
  end
end
