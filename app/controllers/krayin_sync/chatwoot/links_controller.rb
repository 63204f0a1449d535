# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Which records of Chatwoot a connection's Krayin has, and of the others why not:
    # `/api/v1/accounts/:account_id/integrations/krayin/:hook_id/links`; with `retry`, `keep_out` and `decide` what an
    # administrator does about one of them, or by `retry` about all that have the same reason.
    class LinksController < ConnectionController
      def index
        asked = params.permit(:kind, :state, :reason, :search, :after, :limit).to_h.symbolize_keys
        render json: LinkList.new(hook, **asked).page
      end

      # A doubtful contact and whom it may be.
      def sides = render(json: LinkSides.new(hook, Integer(params.require(:record_id).to_s, 10)).to_h)

      def retry
        return retry_all if params[:record_id].blank?

        care.retry(*record)
        head :accepted
      end

      def keep_out
        care.keep_out(*record)
        head :no_content
      end

      def decide
        care.decide(record.last, params[:verdict].to_s, person: params[:person].presence)
        head :no_content
      end

      private

      def retry_all
        care.retry_all(kind: params[:kind].to_s, state: params[:state].to_s, reason: params[:reason].presence)
        head :accepted
      end

      def care = @care ||= LinkCare.new(hook)

      def record = [params[:kind].presence || "contact", Integer(params.require(:record_id).to_s, 10)]
    end
  end
end
