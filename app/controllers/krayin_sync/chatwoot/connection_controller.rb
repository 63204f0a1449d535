# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What is asked of a connection over Chatwoot's own API, by administrators alone. Whoever is asking, and of which
    # account, is Chatwoot's to say; so is the language of what they are told.
    class ConnectionController < ("Api::V1::Accounts::BaseController".safe_constantize || ::ActionController::API)
      before_action :administrators_alone
      rescue_from(ArgumentError, ConfigurationError, DecisionError) { |error| refuse(error.message) }

      private

      def administrators_alone
        raise ::Pundit::NotAuthorizedError unless ::Current.account_user&.administrator?
      end

      def hooks = ::Current.account.hooks.where(app_id: ProcessorService::APP_ID)

      def hook = @hook ||= hooks.find(params[:hook_id])

      def refuse(sentence, **more) = render(json: { error: sentence, **more }, status: :unprocessable_entity)
    end
  end
end
