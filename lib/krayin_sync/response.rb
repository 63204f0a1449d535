# frozen_string_literal: true

module KrayinSync
  # An HTTP answer, kept on the error that it led to. Its inspect shows no body.
  class Response
    include Opaque

    # @return [Integer] the status
    attr_reader :code
    # @return [Hash{String => String}] by name, in small letters
    attr_reader :headers
    # @return [String]
    attr_reader :body

    def initialize(code, headers, body)
      @code = code
      @headers = headers
      @body = body
    end

    # @return [Object, nil] the body as JSON, nil where it is none
    def parsed_response
      JSON.parse(body, max_nesting: false)
    rescue JSON::ParserError
      nil
    end

    def inspect = "#<#{self.class.name} #{code}, #{body.bytesize} bytes>"
  end
end
