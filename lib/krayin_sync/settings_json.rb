# frozen_string_literal: true

require_relative "remembered"

module KrayinSync
  # Settings as the core reads them, checked. The hooks of a process come again with every event: what was written and
  # checked before is remembered.
  module SettingsJson
    @known = Remembered.new(64)

    class << self
      # @param settings [Hash{String => Object}]
      # @return [String] frozen
      # @raise [ConfigurationError] when they cannot be used
      def of(settings) = @known[settings] || read(settings)

      private

      def read(settings)
        json = Snapshot.json(settings).freeze
        Native.check(json)
        copy = copy_of(settings)
        @known[copy] = json if copy
        json
      end

      # Its own to the last text: the caller may change what it handed over.
      def copy_of(settings)
        Marshal.load(Marshal.dump(settings))
      rescue TypeError # one of them cannot be copied
        nil
      end
    end
  end
  private_constant :SettingsJson
end
