# frozen_string_literal: true

module KrayinSync
  class Metrics
    # A Rack application that answers Prometheus. Nobody without the token is told anything.
    #
    #   # config/initializers/krayin_sync.rb of Chatwoot
    #   Rails.application.routes.append do
    #     metrics = KrayinSync::Metrics::Endpoint.new(token: ENV.fetch("KRAYIN_SYNC_METRICS_TOKEN"))
    #     mount metrics => "/krayin_sync/metrics"
    #   end
    class Endpoint
      include Opaque

      TYPE = "text/plain; version=0.0.4; charset=utf-8"

      # @param token [String] which Prometheus sends as a bearer token
      # @param metrics [Metrics, nil] {KrayinSync.metrics} where nil
      # @raise [ConfigurationError] without a token
      def initialize(token:, metrics: nil)
        raise ConfigurationError.of("metrics_token_short") if token.to_s.size < 16

        @token = token.to_s
        @metrics = metrics
      end

      # @param env [Hash{String => Object}] Rack's
      # @return [Array(Integer, Hash, Array<String>)]
      def call(env)
        return answer(405, "Only GET.\n", "allow" => "GET, HEAD") unless %w[GET HEAD].include?(env["REQUEST_METHOD"])
        return answer(401, "Send the token.\n", "www-authenticate" => "Bearer") unless known?(env["HTTP_AUTHORIZATION"])

        tell
      end

      private

      def tell
        metrics = @metrics || KrayinSync.metrics
        metrics ? answer(200, metrics.to_prometheus) : answer(503, "KrayinSync.metrics is not set.\n")
      end

      def known?(header) = OpenSSL.secure_compare(header.to_s.b[/\ABearer +(.+)\z/mni, 1].to_s, @token.b)

      def answer(status, text, headers = {}) = [status, { "content-type" => TYPE }.merge(headers), [text]]
    end
  end
end
