# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What a connection did by the hour or by the day:
    # `/api/v1/accounts/:account_id/integrations/krayin/:hook_id/analytics`, and as CSV with `/csv`.
    class AnalyticsController < ConnectionController
      def show = render(json: analytics.to_h)

      def csv
        send_data analytics.to_csv, type: "text/csv; charset=utf-8", filename: "krayin.csv"
      end

      private

      def analytics
        asked = params.permit(:from, :to, :zone).to_h.symbolize_keys
        Analytics.new(hook, **asked)
      end
    end
  end
end
