# frozen_string_literal: true

module KrayinSync
  # Stands before the Rust client: questions go on, and the first request that would change something ends the call
  # before it is sent.
  # @api private
  class AskingOnly
    include Opaque

    # Such a request; no failure, and not counted.
    class Change < Instrumentation::PutOff; end

    # What asks, on a server whose search is a POST.
    SEARCH = %r{/search\z}

    # @param inner [WebMockTransport, nil] who answers instead of the network
    def initialize(inner = nil)
      @inner = inner
    end

    def real? = @inner.nil?

    # @return [Array(Integer, Hash, String), nil, :real] as {WebMockTransport#call}
    # @raise [Change]
    def call(method, url, headers, body)
      raise Change unless method.casecmp?("GET") || url[/[^?]*/].match?(SEARCH)

      @inner ? @inner.call(method, url, headers, body) : :real
    end

    def sent(request, answer) = @inner&.sent(request, answer)
  end
  private_constant :AskingOnly
end
