# frozen_string_literal: true

KrayinSync::Chatwoot.configure do |config|
  config.message_delay = Float(ENV.fetch("MESSAGE_DELAY", config.message_delay))
  config.note_interval = Integer(ENV.fetch("NOTE_INTERVAL", 1))
end

Rails.application.routes.append do
  metrics = KrayinSync::Metrics::Endpoint.new(token: ENV.fetch("KRAYIN_SYNC_METRICS_TOKEN", "metrics-of-the-specs"))
  mount metrics => "/krayin_sync/metrics"
end
