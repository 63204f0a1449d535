# frozen_string_literal: true

module KrayinSync
  module Pace
    # The requests of one piece of work. It takes leave for two at a time, both or none: most calls are a read and the
    # write that depends on it, and a read whose write has to wait for the next window is a request lost.
    class Allowance
      AT_ONCE = 2
      private_constant :AT_ONCE

      # @param pace [Redis]
      def initialize(pace)
        @pace = pace
        @held = []
      end

      # @return (see Redis#take)
      def take(identity, urgency, throttled)
        if @held.empty?
          granted, first, last = @pace.take_all(identity, urgency, throttled, AT_ONCE)
          return [false, first] unless granted

          @identity = identity
          @held = [*first..last]
        end
        number = @held.shift
        @pace.send_held(identity, number)
        [true, number]
      end

      # @return [void]
      def learn(...) = @pace.learn(...)

      # It is done; what it did not send is others' again.
      # @return [void]
      def give_back
        @pace.give_back(@identity, @held)
        @held = []
      end

      def inspect = "#<#{self.class.name}>"
    end
  end
end
