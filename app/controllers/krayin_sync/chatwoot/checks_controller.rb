# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A look at a connection's Krayin, now: `/api/v1/accounts/:account_id/integrations/krayin/:hook_id/check`. A `POST`,
    # since it spends some of the minute's requests.
    class ChecksController < ConnectionController
      def create = render(json: Check.new(hook, locale: ::I18n.locale).to_h)
    end
  end
end
