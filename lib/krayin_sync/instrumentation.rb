# frozen_string_literal: true

module KrayinSync
  # Tells the host about attempts and events: as ActiveSupport notifications where they are loaded, as log lines where
  # there is a logger. Nothing that is told holds a token, an e-mail address, a phone number or a body.
  module Instrumentation
    REQUEST = "request.krayin_sync"
    PERFORM = "perform.krayin_sync"

    class << self
      # The object that the core tells its attempts to, or nil where nobody listens.
      def observer
        self if KrayinSync.logger || listening?(REQUEST)
      end

      # One attempt: method, path (ids as {id}), status, attempt, most, duration_ms, remaining, retry_in_ms, failure.
      def call(json)
        attempt = JSON.parse(json, symbolize_names: true)
        log(attempt) if attempt[:failure]
        instrument(REQUEST, attempt)
      end

      # Runs an event; the payload gets its outcome.
      def perform(payload)
        return yield(payload) unless defined?(::ActiveSupport::Notifications)

        ::ActiveSupport::Notifications.instrument(PERFORM, payload) { yield payload }
      end

      private

      def instrument(name, payload)
        ::ActiveSupport::Notifications.instrument(name, payload) if listening?(name)
      end

      def listening?(name)
        defined?(::ActiveSupport::Notifications) && ::ActiveSupport::Notifications.notifier.listening?(name)
      end

      def log(attempt)
        line = "Krayin API #{attempt[:method]} /#{attempt[:path]} failed " \
               "(attempt #{attempt[:attempt]}/#{attempt[:most]}): #{attempt[:failure]}"
        line += format(". Retrying in %.1fs...", attempt[:retry_in_ms] / 1000.0) if attempt[:retry_in_ms]
        KrayinSync.logger&.warn(line)
      rescue StandardError
        nil # a logger that fails must not cost a call
      end
    end
  end
end
