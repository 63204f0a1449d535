# frozen_string_literal: true

require "stringio"

module KrayinSync
  module Chatwoot
    # Rack's outermost: what comes with a call of a workflow's is hidden from all that stands before {WebhookEndpoint}.
    # A path is written into logs, so what tells the call goes on beside it; a body is parsed by whoever looks for a
    # parameter in it, though nobody wants anything of this one.
    class SealedCall
      PREFIX = "/krayin_sync/webhooks/"
      # What stood behind the prefix.
      GIVEN = "krayin_sync.webhook"
      # In its place, unless it tells nothing but a connection's number.
      HIDDEN = "hidden"
      NUMBER = /\A\d{1,18}\z/
      # What servers and logs read a path from.
      PATHS = %w[PATH_INFO REQUEST_PATH REQUEST_URI ORIGINAL_FULLPATH].freeze
      private_constant :HIDDEN, :NUMBER, :PATHS

      # @param app [#call] Rack's
      def initialize(app)
        @app = app
      end

      # @param env [Hash] Rack's
      # @return [Array] Rack's
      def call(env)
        seal(env) if env["PATH_INFO"].to_s.start_with?(PREFIX)
        @app.call(env)
      end

      private

      def seal(env)
        given = env["PATH_INFO"].b.delete_prefix(PREFIX).chomp("/")
        env[GIVEN] = given
        env["rack.input"] = StringIO.new("".b)
        env.delete("CONTENT_TYPE")
        return if NUMBER.match?(given)

        # A query may have it as well, by mistake.
        env["QUERY_STRING"] = ""
        PATHS.each { |name| env[name] = "#{PREFIX}#{HIDDEN}" if env.key?(name) }
      end
    end
  end
end
