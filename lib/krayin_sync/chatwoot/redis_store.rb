# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What the processes of an installation know together: kept in Sidekiq's Redis. A script runs there as one step.
    module RedisStore
      PREFIX = "krayin_sync"

      class << self
        def key(*parts) = [PREFIX, *parts].join(":")

        # Sidekiq 6 hands out the redis gem, Sidekiq 7 redis-client: both have #call.
        def call(*command) = ::Sidekiq.redis { |redis| redis.call(*command.map(&:to_s)) }

        def script(text, keys, arguments = []) = call("EVAL", text, keys.size, *keys, *arguments)

        # @see ConnectionId
        def connection_id(settings) = ConnectionId.of(settings)
      end
    end
  end
end
