# frozen_string_literal: true

require "rails/engine"

module KrayinSync
  # What a Rails app gets beside the library: inside Chatwoot the integration, elsewhere the seed's name alone.
  class Engine < ::Rails::Engine
    IMAGES = File.expand_path("../../public", __dir__)

    # The models and jobs are Chatwoot's to load, as its own are. Another host has nothing that they stand on.
    initializer "krayin_sync.rooms", before: :set_autoload_paths do
      config.eager_load_paths.clear unless defined?(::Sidekiq) && defined?(::ActiveRecord)
    end

    initializer "krayin_sync.images" do |app|
      app.middleware.use(::ActionDispatch::Static, IMAGES) if defined?(::ActionDispatch::Static)
    end

    initializer "krayin_sync.chatwoot", before: :load_config_initializers do |app|
      if defined?(::Sidekiq) && defined?(::ActiveRecord)
        require_relative "chatwoot"
        # Before whatever writes logs.
        app.middleware.unshift(KrayinSync::Chatwoot::SealedCall)
        # All processes of the installation count together.
        KrayinSync.limiter_store ||=
          LimiterStore::Redis.new { |command| KrayinSync::Chatwoot::RedisStore.call(*command) }
        KrayinSync.metrics ||= Metrics.new(gauges: KrayinSync::Chatwoot::Gauges) do |command|
          KrayinSync::Chatwoot::RedisStore.call(*command)
        end
        ::ActiveSupport::Notifications.subscribe(Instrumentation::REQUEST) do |*, attempt|
          KrayinSync::Chatwoot::History.request(attempt)
        end
      end
    end

    config.to_prepare do
      # `Crm` is the host's to load, and to unload on every reload.
      crm = "Crm".safe_constantize || Object.const_set(:Crm, Module.new)
      crm.const_set(:Krayin, KrayinSync) unless crm.const_defined?(:Krayin, false)
      KrayinSync::Chatwoot::Compatibility.plug_in if defined?(KrayinSync::Chatwoot::Compatibility)
    end

    config.after_initialize do
      KrayinSync::Chatwoot::Compatibility.loaded if defined?(KrayinSync::Chatwoot::Compatibility)
    end
  end
end
