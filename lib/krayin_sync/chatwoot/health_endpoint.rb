# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A Rack application that tells monitors whether all connections work: 200 where they do, 503 where one is refused
    # or does not answer, or where nobody works the queue. Nobody without the token is told anything, and nobody the
    # address or the name of a Krayin.
    #
    #   # config/initializers/krayin_sync.rb of Chatwoot
    #   Rails.application.routes.append do
    #     health = KrayinSync::Chatwoot::HealthEndpoint.new(token: ENV.fetch("KRAYIN_SYNC_HEALTH_TOKEN"))
    #     mount health => "/krayin_sync/health"
    #   end
    class HealthEndpoint < Metrics::Endpoint
      # States of a connection that somebody has to look at.
      FAILING = %w[refused down].freeze
      # Seconds after which a job that still waits says that nobody works the queue.
      STUCK = 900

      private

      def tell
        told = HookSettings.hooks.map { |hook| told_of(hook) }
        stuck = ::Sidekiq::Queue.new(Chatwoot.configuration.queue).latency > STUCK
        works = !stuck && told.none? { |one| FAILING.include?(one[:state]) }
        body = { status: works ? "working" : "failing", queue: stuck ? "stuck" : "working", connections: told }
        answer(works ? 200 : 503, JSON.generate(body), "content-type" => "application/json")
      end

      def told_of(hook) = Standing.new(hook).to_h.slice(:id, :state, :since).merge(account_id: hook.account_id)
    end
  end
end
