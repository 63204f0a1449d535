# frozen_string_literal: true

module KrayinSync
  module LimiterStore
    # Keeps what is known of each token's budget in this process, as {Redis} does for several.
    class Memory
      include Opaque

      def initialize
        @kept = {}
        @lock = Mutex.new
      end

      # @return (see Redis#swap)
      def swap(identity, expected, replacement)
        @lock.synchronize do
          kept = @kept.fetch(identity, "")
          swapped = kept == expected
          @kept[identity] = replacement if swapped
          [swapped, swapped ? "" : kept, Process.clock_gettime(Process::CLOCK_MONOTONIC, :microsecond)]
        end
      end
    end
  end
end
