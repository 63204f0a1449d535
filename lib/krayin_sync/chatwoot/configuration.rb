# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    class << self
      # @return [Configuration] the installation's one
      def configuration = KrayinSync.configuration

      # @yieldparam configuration [Configuration]
      def configure(&) = KrayinSync.configure(&)
    end
  end
end
