# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What the processes of an installation know together: kept in Sidekiq's Redis. A script runs there as one step.
    module RedisStore
      PREFIX = "krayin_sync"
      # Connections whose ids are remembered; more are forgotten at once.
      MOST = 256
      private_constant :MOST

      @ids = {}

      class << self
        def key(*parts) = [PREFIX, *parts].join(":")

        # Sidekiq 6 hands out the redis gem, Sidekiq 7 redis-client: both have #call.
        def call(*command) = ::Sidekiq.redis { |redis| redis.call(*command.map(&:to_s)) }

        def script(text, keys, arguments = []) = call("EVAL", text, keys.size, *keys, *arguments)

        # One server and token: what limits and failures belong to. Neither can be read from it.
        def connection_id(settings)
          connection = settings.values_at("api_url", "api_token").map(&:to_s)
          @ids = {} if @ids.size >= MOST
          @ids[connection] ||= OpenSSL::HMAC.hexdigest("SHA256", connection.last, connection.first)[0, 24]
        end
      end
    end
  end
end
