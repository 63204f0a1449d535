# frozen_string_literal: true

module KrayinSync
  # What the C library's allocator keeps of memory that is free: where it is glibc's, tens of megabytes of each thread
  # that has worked.
  # @api private
  module Memory
    # Seconds between two times, since it goes through all that there is.
    EVERY = 10

    class << self
      # Gives it back to the system, at most once in a while.
      # @return [void]
      def give_back
        now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        return if @given_back && now - @given_back < EVERY

        @given_back = now
        Native.give_back_memory
      end
    end
  end
end
