# frozen_string_literal: true

module KrayinSync
  module Pace
    # The requests of one piece of work. At its first it takes leave for all that it may need, so that it is not broken
    # off in the middle: where that much is not left, nothing has been sent. What it sends beyond is taken one by one.
    class Allowance
      # @param pace [Redis]
      # @param count [Integer] how many requests it may need
      def initialize(pace, count)
        @pace = pace
        @count = count
        @held = nil
      end

      # @return (see Redis#take)
      def take(identity, urgency, throttled)
        unless @held
          granted, first, last = @pace.take_all(identity, urgency, throttled, @count)
          return [false, first] unless granted

          @identity = identity
          @held = [*first..last]
        end
        return @pace.take(identity, urgency, throttled) if @held.empty?

        number = @held.shift
        @pace.send_held(identity, number)
        [true, number]
      end

      # @return [void]
      def learn(...) = @pace.learn(...)

      # It is done; what it did not send is others' again.
      # @return [void]
      def give_back
        @pace.give_back(@identity, @held) if @held
        @held = nil
      end

      def inspect = "#<#{self.class.name}>"
    end
  end
end
