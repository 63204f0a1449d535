# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What agents are shown of a conversation that they may see, which Chatwoot's own policy says:
    # `/api/v1/accounts/:account_id/integrations/krayin/conversations/:conversation_id/panel`.
    class PanelsController < ("Api::V1::Accounts::BaseController".safe_constantize || ::ActionController::API)
      before_action :seen_by_an_agent
      rescue_from(ArgumentError, ConfigurationError) do |error|
        render json: { error: error.message }, status: :unprocessable_entity
      end

      # Without a request to Krayin.
      def show = render(json: panel.to_h)

      # As Krayin has it now.
      def fresh = render(json: PanelRead.new(connected, lead: params[:lead]).to_h)

      def retry
        connected.retry
        head :accepted
      end

      # What can be chosen, of sources, users and products.
      def choices = render(json: PanelChoices.new(connected.hook).of(params[:of].to_s))

      # Has something done; with the key of what was asked before, that.
      def act
        act = PanelAct.ask(connected, user_id: ::Current.user.id, key: params[:key], kind: params[:kind],
                                      asked: params.permit(*PanelAct::ASKED).to_h)
        render json: act.to_h, status: :accepted
      end

      # What has become of it.
      def acted
        acts = PanelAct.where(hook_id: connected.hook.id, conversation_id: conversation.id)
        render json: acts.find_by!(key: params[:key].to_s).to_h
      end

      private

      # Of another account it is not there; a program has no panel.
      def seen_by_an_agent
        raise ::Pundit::NotAuthorizedError unless ::Current.account_user

        authorize conversation, :show?
      end

      def conversation
        @conversation ||= ::Current.account.conversations.find_by!(display_id: params[:conversation_id])
      end

      def panel = @panel ||= Panel.new(conversation, connection: params[:connection])

      def connected = panel.hook ? panel : raise(::ActiveRecord::RecordNotFound)
    end
  end
end
