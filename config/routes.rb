# frozen_string_literal: true

if defined?(KrayinSync::Chatwoot)
  Rails.application.routes.draw { post "krayin_sync/webhooks/:secret", to: KrayinSync::Chatwoot::WebhookEndpoint }
end

# Chatwoot's own API has them, and no other host: whether it is Chatwoot is told by the file, since its class may load
# only when the locales are there.
if defined?(KrayinSync::Chatwoot) && Rails.root.join("app/controllers/api/v1/accounts/base_controller.rb").exist?
  Rails.application.routes.draw do
    get KrayinSync::Chatwoot::Pages::ADDRESS, to: KrayinSync::Chatwoot::Pages
    get KrayinSync::Chatwoot::Pages::PANEL, to: KrayinSync::Chatwoot::Pages
    get "#{KrayinSync::Chatwoot::Pages::LOADED}*file", to: KrayinSync::Chatwoot::Pages, format: false

    # By names of our own: a helper of Chatwoot's that is called so stays its.
    scope "api/v1/accounts/:account_id/integrations/krayin", module: "krayin_sync/chatwoot", as: "krayin_sync",
                                                             defaults: { format: "json" } do
      resources :connections, only: :index, path: ""
      scope ":hook_id" do
        get :status, to: "connections#show"
        resource :check, only: :create
        resources :links, only: :index do
          get :sides, on: :collection
          collection { %i[retry keep_out decide].each { |step| post step } }
        end
        resource :settings, only: %i[show update], controller: "settings"
        resource :log, only: :show
        resource :analytics, only: :show, controller: "analytics" do
          get :csv
        end
        resource :backfill, only: %i[show create] do
          get :estimate
          %i[pause resume cancel].each { |step| post step }
        end
      end
    end
  end

  Rails.application.routes.draw do
    scope "api/v1/accounts/:account_id/integrations/krayin", module: "krayin_sync/chatwoot", as: "krayin_sync",
                                                             defaults: { format: "json" } do
      resources :conversations, only: [], param: :id do
        resource :panel, only: :show, path: "panel" do
          %i[fresh choices acted].each { |asked| get asked }
          %i[retry act].each { |step| post step }
        end
      end
    end
  end
end
