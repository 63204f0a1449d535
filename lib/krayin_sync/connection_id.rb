# frozen_string_literal: true

require "openssl"
require_relative "remembered"

module KrayinSync
  # One server and token: what limits, failures and attempts belong to. Neither can be read from it.
  # @api private
  module ConnectionId
    @known = Remembered.new(256)

    # @param settings [Hash{String => Object}]
    # @return [String]
    def self.of(settings)
      url, token = settings.values_at("api_url", "api_token").map(&:to_s)
      @known.fetch([url, token]) { OpenSSL::HMAC.hexdigest("SHA256", token, url)[0, 24] }
    end
  end
  private_constant :ConnectionId
end
