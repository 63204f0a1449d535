# frozen_string_literal: true

module KrayinSync
  # The headers that an installation adds to each request (`config.headers`), checked: none takes the place of one that
  # says whom a request is for and where it ends, and none brings a second line.
  # @api private
  module Headers
    # Those that are the gem's own or the connection's. An Origin or a Cookie would make Krayin take us for its browser.
    RESERVED = %w[
      accept accept-encoding authorization connection content-encoding content-length content-type cookie expect host
      keep-alive origin proxy-authenticate proxy-authorization proxy-connection referer te trailer transfer-encoding
      upgrade user-agent x-http-method-override x-requested-with
    ].freeze
    NAME = /\A[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}\z/
    VALUE = /\A[\t\x20-\x7e]{0,4096}\z/
    private_constant :NAME, :VALUE

    class << self
      # @param given [Hash, #call, nil] as config.headers has it
      # @param request [Hash{Symbol => Object}] method, path, attempt
      # @return [Hash{String => String}]
      # @raise [ConfigurationError] naming the header, never its value
      def of(given, request)
        given = given.call(request) if given.respond_to?(:call)
        return {} if given.nil?

        pairs(given).compact.to_h { |name, value| [check_name(name.to_s), check_value(name, value.to_s)] }
      end

      private

      def pairs(given)
        raise ConfigurationError.of("headers_wrong") unless given.respond_to?(:to_h)

        given.to_h
      rescue TypeError, ArgumentError # a list of other than pairs
        raise ConfigurationError.of("headers_wrong")
      end

      def check_name(name)
        raise ConfigurationError.of("header_name_wrong") unless name.match?(NAME)
        return name unless RESERVED.include?(name.downcase)

        raise ConfigurationError.of("header_reserved", header: name)
      end

      def check_value(name, value)
        return value if value.match?(VALUE)

        raise ConfigurationError.of("header_value_wrong", header: name)
      rescue ArgumentError, EncodingError
        raise ConfigurationError.of("header_value_wrong", header: name)
      end
    end
  end
end
