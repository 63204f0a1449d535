# frozen_string_literal: true

require_relative "thread_flag"

module KrayinSync
  module Chatwoot
    # Tells this gem's own writes of a contact from everybody else's, where they are made.
    module OwnWrite
      extend ThreadFlag
    end
  end
end
