# frozen_string_literal: true

# Chatwoot's own API has them, and no other host: whether it is Chatwoot is told by the file, since its class may load
# only when the locales are there.
if defined?(KrayinSync::Chatwoot) && Rails.root.join("app/controllers/api/v1/accounts/base_controller.rb").exist?
  Rails.application.routes.draw do
    scope "api/v1/accounts/:account_id/integrations/krayin/:hook_id", module: "krayin_sync/chatwoot",
                                                                      defaults: { format: "json" } do
      resource :backfill, only: %i[show create] do
        get :estimate
        %i[pause resume cancel].each { |step| post step }
      end
    end
  end
end
