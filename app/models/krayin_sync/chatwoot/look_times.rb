# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # When a {LeadLook} is due again.
    module LookTimes
      # Seconds between two looks while something changes, and the most between two where nothing does.
      SOONEST = 30
      LONGEST = 900
      # Requests of an hour in which nothing changes.
      IDLE = 5

      # A Krayin that does not answer is not asked twice a minute.
      # @return [void]
      def put_off
        seconds = (pause * 2).clamp(SOONEST * 2, LONGEST)
        update!(pause: seconds, next_at: self.class.now + seconds)
      end

      private

      # Seconds between two looks where nothing changes: no hour has more than {IDLE} requests, whatever they are for.
      def longest
        each = ContactLook.lists(settings) + (TagLook.on?(settings) ? TagLook::TURNS : 0) + (mapped.any? ? 1 : 0)
        each += mapped_persons.requests
        looks = IDLE / each
        # One look may take more than that.
        [LONGEST, looks.zero? ? 3600 * each / IDLE : 3600 / looks].max
      end

      def wait_for_next(busy:)
        seconds = busy ? SOONEST : [pause * 2, SOONEST].max.clamp(SOONEST, longest)
        at = self.class.now
        vain = hinted ? vain_hints + 1 : vain_hints
        update!(pause: seconds, looked_at: at, next_at: at + seconds, hinted: false, vain_hints: busy ? 0 : vain,
                requests: requests + krayin.requests + @people.requests)
      end
    end
  end
end
