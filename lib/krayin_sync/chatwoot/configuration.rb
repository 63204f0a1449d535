# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    class << self
      # @return [Configuration] the installation's one
      def configuration = KrayinSync.configuration

      # @return [Hash{String => Numeric}] how long a call of a job may take, in seconds, as a hook's settings have it
      def limits = { "deadline" => configuration.deadline, "attempt_timeout" => configuration.attempt_timeout }

      # @return [String, nil] where this installation is, as Chatwoot is told
      def address = ENV.fetch("FRONTEND_URL", nil).to_s.strip.chomp("/").presence

      # @yieldparam configuration [Configuration]
      def configure(&) = KrayinSync.configure(&)
    end
  end
end
