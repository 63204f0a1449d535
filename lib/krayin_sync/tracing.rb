# frozen_string_literal: true

module KrayinSync
  # Spans of OpenTelemetry, where a host has loaded its API (the gem opentelemetry-api): one an event, one a request,
  # below the span that is current. Attributes are those of OpenTelemetry's semantic conventions for HTTP clients; what
  # has no name there begins with `krayin_sync`. No query, no body and no exception's message is among them.
  # @api private
  module Tracing
    class << self
      # @return [OpenTelemetry::Trace::Tracer, nil]
      def tracer
        return unless defined?(::OpenTelemetry::Trace::Span) && ::OpenTelemetry.respond_to?(:tracer_provider)

        provider = ::OpenTelemetry.tracer_provider
        provider.tracer("krayin_sync", VERSION) unless nobody?(provider)
      end

      # Runs an event within its span.
      # @param payload [Hash{Symbol => Object}] as the notification has it; the outcome comes into it
      def event(payload, &)
        span = nil
        Instrumentation.guard("OpenTelemetry") { span = begin_event(payload) }
        return yield unless span

        begin
          ::OpenTelemetry::Trace.with_span(span, &)
        rescue Instrumentation::PutOff
          raise
        rescue Exception => e # rubocop:disable Lint/RescueException
          mark(span, e.class.name, e.is_a?(Error) ? e.reason.code : nil)
          raise
        ensure
          Instrumentation.guard("OpenTelemetry") { finish_event(span, payload[:outcome]) }
        end
      end

      # @param server [URI, nil] which Krayin
      # @return [OpenTelemetry::Trace::Span, nil]
      def request(payload, server)
        tracer&.start_span("#{payload[:method]} /#{payload[:path]}", kind: :client,
                                                                     attributes: attributes_of(payload, server))
      end

      # An attempt has ended, or was broken off.
      # @param attempt [Hash{Symbol => Object}, nil] what became of it
      def finish(span, attempt)
        mark(span, "interrupted", nil) unless attempt
        attempt = attempt.to_h
        span.set_attribute("http.response.status_code", attempt[:status]) if attempt[:status]
        span.set_attribute("krayin_sync.request_id", attempt[:request_id]) if attempt[:request_id]
        mark(span, attempt[:code], attempt[:code]) if attempt[:code]
        span.finish
      end

      # @return [Hash{String => String}] the headers of W3C's Trace Context
      def headers(span)
        context = span.context
        return {} unless context.valid?

        flags = context.trace_flags.sampled? ? "01" : "00"
        parent = "00-#{context.hex_trace_id}-#{context.hex_span_id}-#{flags}"
        state = context.tracestate.to_s
        # What others put into it is theirs, but must be a header.
        { "traceparent" => parent, "tracestate" => (state if state.match?(/\A[\x20-\x7e]{1,512}\z/)) }.compact
      end

      private

      # Whether it is the one that stands there until a host has set another: libraries bring the API with them, and its
      # spans, which go nowhere, would be made for each event.
      def nobody?(provider)
        defined?(::OpenTelemetry::Internal::ProxyTracerProvider) &&
          provider.instance_of?(::OpenTelemetry::Internal::ProxyTracerProvider)
      end

      def attributes_of_event(payload)
        { "krayin_sync.event" => payload[:event], "krayin_sync.account_id" => payload[:account_id],
          "krayin_sync.hook_id" => payload[:hook_id] }.compact
      end

      def attributes_of(payload, server)
        { "http.request.method" => payload[:method], "url.template" => "/#{payload[:path]}",
          "http.request.resend_count" => (payload[:attempt] - 1 if payload[:attempt] > 1),
          "url.scheme" => server&.scheme, "server.address" => server&.host, "server.port" => server&.port,
          "krayin_sync.account_id" => payload[:account_id], "krayin_sync.hook_id" => payload[:hook_id] }.compact
      end

      def begin_event(payload)
        tracer&.start_span("#{payload[:event]} sync", kind: :consumer, attributes: attributes_of_event(payload))
      end

      def finish_event(span, outcome)
        span.set_attribute("krayin_sync.status", outcome[:status]) if outcome
        span.set_attribute("krayin_sync.requests", outcome[:requests]) if outcome
        span.finish
      end

      def mark(span, type, code)
        span.set_attribute("error.type", type)
        span.status = ::OpenTelemetry::Trace::Status.error(code.to_s)
      end
    end
  end
end
