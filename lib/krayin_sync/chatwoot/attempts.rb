# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Tells a job of each request that it sends, on the job's own thread.
    module Attempts
      KEY = :krayin_sync_attempts

      class << self
        # @param heard [#call] called after each request of the block
        def each(heard)
          listen
          before = Thread.current[KEY]
          Thread.current[KEY] = heard
          yield
        ensure
          Thread.current[KEY] = before
        end

        private

        def listen
          @listen ||= ::ActiveSupport::Notifications.subscribe(Instrumentation::REQUEST) { Thread.current[KEY]&.call }
        end
      end
    end
  end
end
