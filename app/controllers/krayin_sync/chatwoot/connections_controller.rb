# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # How an account's connections stand: `/api/v1/accounts/:account_id/integrations/krayin`, and of one with
    # `/:hook_id/status`.
    class ConnectionsController < ConnectionController
      # With the language that sentences are in.
      def index
        standings = hooks.order(:id).map { |hook| Standing.new(hook).to_h }
        render json: { connections: standings, locale: ::I18n.locale }
      end

      def show = render(json: Standing.new(hook).to_h.merge(counts: LinkCounts.of(hook)))
    end
  end
end
