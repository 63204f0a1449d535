# frozen_string_literal: true

# As much of the gem opentelemetry-api as the sync uses, in its own names and shapes; its tracer keeps its spans.
# Stands in where the gem is not installed.
module OpenTelemetryDouble
  Status = Struct.new(:code, :description) do
    def self.error(description = "") = new(2, description)
  end

  TraceFlags = Struct.new(:byte) do
    def sampled? = (byte & 1) == 1
  end

  # Tracestate#to_s is the header's value.
  SpanContext = Struct.new(:trace, :span, :trace_flags, :tracestate) do
    def hex_trace_id = trace
    def hex_span_id = span
    def valid? = trace != "0" * 32
  end

  class Span
    attr_reader :name, :kind, :attributes, :context, :parent
    attr_accessor :status, :finished

    def initialize(name, kind, attributes, context, parent)
      @name = name
      @kind = kind
      @attributes = attributes.dup
      @context = context
      @parent = parent
    end

    # The API takes these values alone.
    def set_attribute(key, value)
      raise ArgumentError, key unless key.is_a?(String) && [String, Integer, Float].any? { |kind| value.is_a?(kind) }

      @attributes[key] = value
      self
    end

    def finish = @finished = true
  end

  class Tracer
    attr_reader :spans
    attr_accessor :sampled

    def initialize
      @spans = []
      @sampled = true
    end

    def start_span(name, with_parent: nil, attributes: nil, links: nil, start_timestamp: nil, kind: nil)
      raise ArgumentError, "only what is needed" if with_parent || links || start_timestamp

      parent = Trace.current_span
      trace = parent ? parent.context.hex_trace_id : format("%032x", rand(1..(2**127)))
      context = SpanContext.new(trace, format("%016x", rand(1..(2**63))), TraceFlags.new(sampled ? 1 : 0), "")
      Span.new(name, kind, attributes.to_h, context, parent).tap { |span| @spans << span }
    end
  end

  module Trace
    Span = OpenTelemetryDouble::Span
    Status = OpenTelemetryDouble::Status

    class << self
      def current_span = (Thread.current[:open_telemetry_double] ||= []).last

      def with_span(span)
        stack = (Thread.current[:open_telemetry_double] ||= [])
        stack.push(span)
        yield span, nil
      ensure
        stack.pop
      end
    end
  end

  # What the API has until a host sets another.
  module Internal
    ProxyTracerProvider = Class.new { def tracer(*) = raise("a span that goes nowhere") }
  end

  Provider = Struct.new(:only) do
    def tracer(_name = nil, _version = nil) = only
  end

  def self.tracer_provider = @tracer_provider ||= Provider.new(Tracer.new)
end
