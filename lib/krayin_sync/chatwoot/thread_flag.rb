# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Whether a thread is within a block: what is called on the way is Chatwoot's own code, and can be told by nothing
    # else.
    module ThreadFlag
      def during
        before = Thread.current[flag]
        Thread.current[flag] = true
        yield
      ensure
        Thread.current[flag] = before
      end

      def now? = Thread.current[flag] == true

      private

      def flag = @flag ||= :"krayin_sync #{name}"
    end
  end
end
