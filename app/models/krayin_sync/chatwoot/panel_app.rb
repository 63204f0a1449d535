# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # The panel's tab in an account's conversations: a dashboard app of Chatwoot's. It is made with the account's first
    # connection alone, so that one whom an administrator has taken away stays away, and goes with the last one.
    class PanelApp
      TITLES = { "en" => "Lead in Krayin", "pt" => "Lead no Krayin", "es" => "Lead en Krayin" }.freeze

      class << self
        # @param account [Account]
        # @return [DashboardApp, nil] the tab; nothing where Chatwoot has no such apps, or knows no address of its own
        def make(account)
          return unless apps && address

          ::ActiveRecord::Base.transaction do
            # Two connections that are made at the same moment make one.
            Siblings.hold(account.id)
            of(account.id).first || create(account)
          end
        end

        # @return [Integer] how many tabs went
        def take_away(account_id)
          return 0 if apps.nil? || HookSettings.of_account(account_id).exists?

          of(account_id).each(&:destroy!).size
        end

        # @return [Array<DashboardApp>] those that show the panel, whatever they are called
        def of(account_id)
          apps.where(account_id: account_id).order(:id).select do |app|
            Array(app.content).any? { |frame| frame.is_a?(Hash) && frame["url"].to_s.end_with?(Pages::PANEL) }
          end
        end

        private

        def apps = "DashboardApp".safe_constantize

        def address = ("#{Chatwoot.address}#{Pages::PANEL}" if Chatwoot.address&.match?(%r{\Ahttps?://}))

        # Chatwoot wants a person who has made it.
        def create(account)
          maker = account.administrators.order(:id).first
          maker && apps.create!(account: account, user: maker, title: TITLES.fetch(Reason.language(account.locale)),
                                content: [{ "type" => "frame", "url" => address }])
        end
      end
    end
  end
end
