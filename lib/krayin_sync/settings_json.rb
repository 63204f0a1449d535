# frozen_string_literal: true

module KrayinSync
  # Settings as the core reads them, checked. The hooks of a process come again with every event: what was written and
  # checked before is remembered.
  module SettingsJson
    # More are forgotten at once, so that it does not grow with the number of hooks that a process ever saw.
    MOST = 64

    @known = {}

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
        @known = {} if @known.size >= MOST
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
