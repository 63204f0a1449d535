# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What a connection has done of late: `/api/v1/accounts/:account_id/integrations/krayin/:hook_id/log`.
    class LogsController < ConnectionController
      def show
        asked = params.permit(:contact, :from, :to, :failed, :after, :limit).to_h.symbolize_keys
        render json: LogList.new(hook, **asked).page
      end
    end
  end
end
