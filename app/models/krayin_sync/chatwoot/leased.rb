# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A row that one job at a time works on: whoever was given its ticket last, as long as it tells of it before its
    # lease is over. After a killed process another one is given it. It says by +pushed+ which job that is and what it
    # is told, and its class by +underway+ which there are.
    module Leased
      extend ::ActiveSupport::Concern

      # Seconds after which one that nobody has told of counts as lost.
      LEASE = 120

      class_methods do
        # Works a slice of one that a job was given.
        # @param ticket [Integer] of the job; where the row was given to another it is another one
        # @yieldparam row [Leased]
        # @yieldreturn [Numeric, nil] seconds after which a job is to go on; nil where none is
        # @return [void]
        def work(id, ticket)
          # As {EventJob} does.
          ::ActiveRecord::Base.uncached do
            row = find_by(id: id, ticket: ticket)
            wait = yield(row) if row&.keep_lease
            row.push(delay: wait) if wait
          end
        ensure
          # Any of Sidekiq's threads may have the next slice.
          Memory.give_back
        end

        # Pushes what was lost with a process or with Redis. Every process looks at every beat.
        # @return [void]
        def recover = (underway.where("leased_until < ?", Time.now.utc).find_each(&:push) if table_exists?)
      end

      # Gives it to a job of its own; any before it has lost it.
      # @return [void]
      def push(delay: 0)
        return unless give_ticket(delay)

        job, told = pushed
        job = job.set(queue: Chatwoot.configuration.queue)
        told = told.merge("ticket" => ticket)
        delay.positive? ? job.perform_in(delay, told) : job.perform_async(told)
      end

      # @return [Integer, nil] what tells who works it from now on; nothing where another one was faster
      def give_ticket(delay = 0)
        given = ticket + 1
        self.ticket = given if mine.update_all(ticket: given, leased_until: lease(delay)).positive?
      end

      # @return [Boolean] whether it is still this job's
      def keep_lease = mine.update_all(leased_until: lease).positive?

      private

      def mine = self.class.where(id: id, ticket: ticket)

      def lease(delay = 0) = Time.now.utc + delay + LEASE

      # What a job does of one before it gives its thread back and stands in the queue again.
      module Slice
        # Seconds that it takes at most.
        SLICE = 10
        # The longest wait, in seconds: what has been mended is noticed after that.
        LONGEST = 60

        private

        def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

        def over? = now - @began > self.class::SLICE

        # @return [Numeric] seconds after which it may go on
        def wait_after(error, usual: LONGEST)
          [(error.retry_after if error.respond_to?(:retry_after)) || usual, LONGEST].min
        end
      end
    end
  end
end
