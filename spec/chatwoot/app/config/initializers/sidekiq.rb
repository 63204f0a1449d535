# frozen_string_literal: true

redis = { url: ENV.fetch("REDIS_URL") }
Sidekiq.configure_client { |config| config.redis = redis }
Sidekiq.configure_server do |config|
  config.redis = redis
  config.average_scheduled_poll_interval = Integer(ENV.fetch("POLL", 5))
end
Redis.silence_deprecations = true if Redis.respond_to?(:silence_deprecations=)
