# frozen_string_literal: true

module KrayinSync
  # The attempts of one call, as the core tells them: before each one what headers go with it, after it what came of it.
  # @api private
  class Attempts
    include Opaque

    OPEN = :krayin_sync_open_attempts
    LAST = :krayin_sync_request_id
    private_constant :OPEN, :LAST

    class << self
      # Runs a call of the core. What it leaves open, because something was raised meanwhile, is closed after it: spans
      # and notifications nest.
      def around
        open = (Thread.current[OPEN] ||= [])
        depth = open.size
        Thread.current[LAST] = nil
        yield
      rescue ApiError => e
        e.request_id ||= Thread.current[LAST]
        raise
      ensure
        open.pop.abandon while open && open.size > depth
      end
    end

    # @param connection [String, nil] of which server and token, unreadable
    # @param server [#call, nil] gives its URI, where it has one
    # @param on_attempt [#call, nil] the caller's own business, after each attempt: with what was told of it where it
    #   takes that
    def initialize(connection: nil, server: nil, on_attempt: nil, listening: true)
      @connection = connection
      @server = server
      @on_attempt = on_attempt
      @listening = listening
    end

    # An attempt is about to be made.
    # @param json [String] method, path, attempt, most
    # @return [Array<Array(String, String)>] the headers that go with it
    # @raise [ConfigurationError] where config.headers gives what cannot be sent
    def begin(json)
      return [] unless @listening

      beginning = JSON.parse(json, symbolize_names: true)
      headers = { "x-request-id" => SecureRandom.uuid }
      own = Headers.of(KrayinSync.configuration.headers, beginning).transform_keys(&:downcase)
      attempt = Attempt.new(beginning, @connection, @server&.call)
      Thread.current[OPEN] << attempt if Thread.current[OPEN]
      headers.merge(attempt.headers, own).to_a
    end

    # It is over.
    # @param json [String] as {Instrumentation} tells it
    def call(json)
      # The caller's own business comes first: no subscriber stands before it.
      @on_attempt.respond_to?(:arity) && @on_attempt.arity == 1 ? @on_attempt.call(json) : @on_attempt&.call
      return unless @listening

      told = JSON.parse(json, symbolize_names: true)
      Thread.current[LAST] = told[:request_id]
      attempt = Thread.current[OPEN]&.pop || Attempt.new(told.slice(:method, :path, :attempt, :most), @connection, nil)
      attempt.finish(told)
    end

    # One of them.
    class Attempt
      def initialize(beginning, connection, server)
        @payload = beginning.merge(Instrumentation.tags)
        @connection = connection
        @began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        @notification = Instrumentation.start(Instrumentation::REQUEST, @payload)
        Instrumentation.guard("OpenTelemetry") { @span = Tracing.request(@payload, server) }
      end

      # @return [Hash{String => String}]
      def headers = @span ? Tracing.headers(@span) : {}

      # @param told [Hash{Symbol => Object}]
      def finish(told)
        @payload.merge!(told)
        Instrumentation.log(told) if told[:failure]
        KrayinSync.metrics&.request(@payload, @connection)
        close(told)
      end

      # Something was raised meanwhile: nobody knows what became of it.
      def abandon
        elapsed = Process.clock_gettime(Process::CLOCK_MONOTONIC) - @began
        @payload.merge!(duration_ms: (elapsed * 1000).round, code: "interrupted", executed: "unknown",
                        failure: "the call was broken off")
        close(nil)
      end

      private

      def close(told)
        Instrumentation.guard("OpenTelemetry") { Tracing.finish(@span, told) } if @span
        Instrumentation.finish(@notification)
      end
    end
    private_constant :Attempt
  end
end
