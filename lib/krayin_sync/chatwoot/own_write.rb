# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Tells this gem's own writes of a contact from everybody else's, where they are made.
    module OwnWrite
      KEY = :krayin_sync_own_write

      class << self
        def during
          before = Thread.current[KEY]
          Thread.current[KEY] = true
          yield
        ensure
          Thread.current[KEY] = before
        end

        def now? = Thread.current[KEY] == true
      end
    end
  end
end
