# frozen_string_literal: true

module KrayinSync
  # Tells the host about attempts and events: as ActiveSupport notifications where they are loaded, to `config.notifier`
  # elsewhere, as spans where OpenTelemetry is, as log lines where there is a logger. Nothing of it holds a token,
  # an e-mail address, a phone number or a body.
  #
  # `request.krayin_sync` is an attempt: method, path (ids as +{id}+), attempt, most, status, duration_ms, request_id,
  # limit and remaining (the server's budget), date, retry_in_ms, and where it failed failure (a clause), code and
  # detail (each of a {Reason}) and executed (yes, no, unknown). `perform.krayin_sync` is an event: event, and outcome
  # or exception. Both have account_id and hook_id where the host told them.
  #
  # What a subscriber or the logger raises goes no further: Krayin has acted by then, and its answer must be kept.
  module Instrumentation
    REQUEST = "request.krayin_sync"
    PERFORM = "perform.krayin_sync"

    # An event that is not run now after all, before anything was sent: no failure, and not counted.
    # @api private
    class PutOff < StandardError; end

    TAGS = :krayin_sync_tags
    private_constant :TAGS

    # A notification that has begun: of ActiveSupport's instrumenter where somebody listens there, and of the hook.
    Notification = Struct.new(:name, :payload, :instrumenter, :began)
    private_constant :Notification

    class << self
      # Whether anybody is to be told of attempts.
      def listening?
        configuration = KrayinSync.configuration
        !!(configuration.logger || configuration.metrics || configuration.notifier || configuration.headers ||
          subscribed?(REQUEST) || Tracing.tracer)
      end

      # Runs an event; the payload gets its outcome.
      def perform(payload)
        payload.merge!(tags)
        notification = start(PERFORM, payload)
        begin
          Tracing.event(payload) { yield payload }
        rescue PutOff
          payload[:outcome] = { status: "put_off" }
          raise
        rescue Exception => e # rubocop:disable Lint/RescueException
          payload.merge!(exception: [e.class.name, e.message], exception_object: e)
          raise
        ensure
          guard("the metrics") { KrayinSync.metrics&.event(payload) }
          finish(notification)
        end
      end

      # What is told within the block is of this account and this hook.
      # @param tags [Hash{Symbol => Integer, nil}] account_id and hook_id
      def tagged(**tags)
        before = Thread.current[TAGS]
        Thread.current[TAGS] = before.to_h.merge(tags.slice(:account_id, :hook_id).compact)
        yield
      ensure
        Thread.current[TAGS] = before
      end

      # @return [Hash{Symbol => Integer}]
      def tags = Thread.current[TAGS].to_h

      # @return [Notification, nil] where somebody listens
      # @api private
      def start(name, payload)
        instrumenter = ::ActiveSupport::Notifications.instrumenter if subscribed?(name)
        return unless instrumenter || KrayinSync.configuration.notifier

        instrumenter = nil unless instrumenter && safely(name) { instrumenter.start(name, payload) }
        Notification.new(name, payload, instrumenter, Time.now)
      end

      # @api private
      def finish(notification)
        return unless notification

        name, payload, instrumenter, began = notification.to_a
        safely(name) { instrumenter.finish(name, payload) } if instrumenter
        safely(name) { KrayinSync.configuration.notifier&.call(name, began, Time.now, payload) }
      end

      # A line for the host's log, with whose it is where the host told.
      # @param level [:debug, :info, :warn, :error]
      # @yieldreturn [String] the line, where it is not given
      def say(level, line = nil)
        logger = KrayinSync.configuration.logger
        return unless logger

        apart do
          next if logger.respond_to?(:"#{level}?") && !logger.public_send(:"#{level}?")

          of = tags.map { |name, id| "#{name.to_s.delete_suffix("_id")} #{id}" }
          line ||= yield
          logger.public_send(level, of.empty? ? line : "#{line} [#{of.join(", ")}]")
        end
      end

      # The line of an attempt that failed.
      # @api private
      def log(attempt)
        line = "Krayin API #{attempt[:method]} /#{attempt[:path]} failed " \
               "(attempt #{attempt[:attempt]}/#{attempt[:most]}): #{attempt[:failure]}"
        line += format(". Retrying in %.1fs...", attempt[:retry_in_ms] / 1000.0) if attempt[:retry_in_ms]
        line += " [request #{attempt[:request_id]}]" if attempt[:request_id]
        say(:warn, line)
      end

      # Runs what is not ours.
      # @return [Boolean] whether nothing was raised
      # @api private
      def guard(what, &)
        error = apart(&)
        say(:error, "krayin_sync: #{what} raised #{error.class}") if error
        error.nil?
      end

      private

      def subscribed?(name)
        defined?(::ActiveSupport::Notifications) && ::ActiveSupport::Notifications.notifier.listening?(name)
      end

      def safely(name, &) = guard("a subscriber of #{name}", &)

      # An error that another thread raises here, as Timeout may, is none of the block's: it waits till after.
      # @return [StandardError, nil] what the block raised
      def apart
        Thread.handle_interrupt(StandardError => :never) do
          yield
          nil
        rescue StandardError => e
          e
        end
      end
    end
  end
end
