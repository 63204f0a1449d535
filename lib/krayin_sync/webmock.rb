# frozen_string_literal: true

require "webmock"

module KrayinSync
  # Registers with WebMock, so that it turns this gem on and off as it does Net::HTTP. Loads itself where WebMock is:
  # at once where WebMock came first, else with the first session. Require it where something is to be said of
  # +:krayin_sync+ before that.
  class WebMockAdapter < ::WebMock::HttpLibAdapter
    adapter_for :krayin_sync

    # Net::HTTP tells whether WebMock was on already when this was loaded.
    @enabled = !::Net::HTTP.equal?(::WebMock::HttpLibAdapters::NetHttpAdapter::OriginalNetHTTP)

    class << self
      def enable! = @enabled = true

      def disable! = @enabled = false

      def enabled? = @enabled
    end
  end

  # Answers the HTTP attempts of one call by WebMock's stubs. Each attempt, so that retries are the core's own.
  class WebMockTransport
    # What the network does to a real request, by what a stub raises in its place: the first that it is. Everything else
    # that a stub raises goes to the caller as it is.
    FAILURES = {
      ::OpenSSL::SSL::SSLError => "tls", ::Net::OpenTimeout => "connect", ::Errno::ETIMEDOUT => "connect",
      ::Timeout::Error => "timeout", ::SocketError => "connect", ::Errno::ECONNRESET => "interrupted",
      ::Errno::ECONNABORTED => "interrupted", ::Errno::EPIPE => "interrupted", ::SystemCallError => "connect",
      ::IOError => "interrupted", ::Net::ProtocolError => "interrupted", ::Net::HTTPBadResponse => "interrupted"
    }.freeze

    # Stubs are no server.
    def real? = false

    # @return [Array(Integer, Hash, String), Array(nil, Hash, String), nil, :real] the stub's answer; the name of a
    #   failure of the network; nil for the stub's timeout; or leave to connect
    def call(method, url, headers, body)
      # The callbacks of a request that is let through want the very object that its stubs were asked with.
      @signature = ::WebMock::RequestSignature.new(method.downcase.to_sym, url, body: body, headers: headers)
      ::WebMock::RequestRegistry.instance.requested_signatures.put(@signature)
      stub = ::WebMock::StubRegistry.instance.response_for_request(@signature)
      return stubbed(stub) if stub
      return :real if ::WebMock.net_connect_allowed?(@signature.uri)

      raise ::WebMock::NetConnectNotAllowedError, @signature
    end

    # A request that was let through has been answered: WebMock's callbacks hear of it, VCR by them.
    def sent(_request, answer)
      return unless answer && ::WebMock::CallbackRegistry.any_callbacks?

      status, headers, body = answer
      response = ::WebMock::Response.new
      response.status = [status, ""]
      response.headers = headers
      response.body = body
      ::WebMock::CallbackRegistry.invoke_callbacks({ lib: :krayin_sync, real_request: true }, @signature, response)
    end

    def inspect = "#<#{self.class.name}>"

    private

    def stubbed(stub)
      return if stub.should_timeout

      failure = failure_of(stub)
      return [nil, {}, failure] if failure

      ::WebMock::CallbackRegistry.invoke_callbacks({ lib: :krayin_sync }, @signature, stub)
      headers = (stub.headers || {}).to_h { |name, value| [name.to_s, Array(value).join(", ")] }
      [stub.status[0].to_i, headers, stub.body.to_s]
    end

    def failure_of(stub)
      stub.raise_error_if_any
      nil
    rescue *FAILURES.keys => e
      FAILURES.find { |kind, _| e.is_a?(kind) }.last
    end
  end
end
