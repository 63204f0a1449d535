# frozen_string_literal: true

module KrayinSync
  # Tells the host about attempts and events: as ActiveSupport notifications where they are loaded, as log lines where
  # there is a logger. Nothing that is told holds a token, an e-mail address, a phone number or a body.
  #
  # What a subscriber or the logger raises goes no further: Krayin has acted by then, and its answer must be kept.
  module Instrumentation
    REQUEST = "request.krayin_sync"
    PERFORM = "perform.krayin_sync"

    class << self
      # The object that the core tells its attempts to, or nil where nobody listens.
      def observer
        self if KrayinSync.logger || listening?(REQUEST)
      end

      # One attempt: method, path (ids as {id}), status, attempt, most, duration_ms, remaining, retry_in_ms, failure.
      # It is over when it is told, so the notification's own duration says nothing: duration_ms does. Published with
      # its times instead, it would not reach the subscribers that take an event.
      def call(json)
        attempt = JSON.parse(json, symbolize_names: true)
        log(attempt) if attempt[:failure]
        safely(REQUEST) { ::ActiveSupport::Notifications.instrument(REQUEST, attempt) } if listening?(REQUEST)
      end

      # Runs an event; the payload gets its outcome.
      def perform(payload)
        return yield(payload) unless listening?(PERFORM)

        instrumenter = ::ActiveSupport::Notifications.instrumenter
        started = safely(PERFORM) { instrumenter.start(PERFORM, payload) }
        begin
          yield payload
        rescue Exception => e # rubocop:disable Lint/RescueException
          payload.merge!(exception: [e.class.name, e.message], exception_object: e)
          raise
        ensure
          safely(PERFORM) { instrumenter.finish(PERFORM, payload) } if started
        end
      end

      # A line for the host's log.
      # @param level [:info, :warn, :error]
      def say(level, line)
        apart { KrayinSync.logger&.public_send(level, line) }
      end

      private

      def listening?(name)
        defined?(::ActiveSupport::Notifications) && ::ActiveSupport::Notifications.notifier.listening?(name)
      end

      # @return [Boolean] whether nothing was raised
      def safely(name, &)
        error = apart(&)
        say(:error, "krayin_sync: a subscriber of #{name} raised #{error.class}") if error
        error.nil?
      end

      # Runs what is not ours. An error that another thread raises here, as Timeout may, is none of the block's: it
      # waits till after.
      # @return [StandardError, nil] what the block raised
      def apart
        Thread.handle_interrupt(StandardError => :never) do
          yield
          nil
        rescue StandardError => e
          e
        end
      end

      def log(attempt)
        line = "Krayin API #{attempt[:method]} /#{attempt[:path]} failed " \
               "(attempt #{attempt[:attempt]}/#{attempt[:most]}): #{attempt[:failure]}"
        line += format(". Retrying in %.1fs...", attempt[:retry_in_ms] / 1000.0) if attempt[:retry_in_ms]
        say(:warn, line)
      end
    end
  end
end
