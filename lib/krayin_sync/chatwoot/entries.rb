# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A person's addresses or numbers, as Krayin answers them: entries with a value each, whatever else an answer has.
    module Entries
      # What stands there for one that a contact does not have: it says nothing of who somebody is.
      PLACEHOLDER = /\Achatwoot-\h+(?:@chatwoot\.invalid)?\z/
      private_constant :PLACEHOLDER

      class << self
        # @param list [Object] of an answer
        # @return [Array<String>] the values
        def values(list)
          list = [] unless list.is_a?(Array)
          list.filter_map { |entry| (entry.is_a?(Hash) ? entry["value"] : entry).to_s.strip.presence }
        end

        # @return [Array<String>] those that are somebody's
        def known(list) = values(list).grep_v(PLACEHOLDER)
      end
    end
  end
end
