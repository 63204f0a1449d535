# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # How many of the contacts that were written since Krayin was given them have anything that it would be shown:
    # Chatwoot writes one at each of its messages as well. Of many some are looked at, and nothing is asked of Krayin.
    class BackfillChanges
      include Opaque

      # As many are looked at, from the first to the last.
      SOME = 500
      # Of as many contacts as one statement counts these may be among them.
      OF_PAGE = 50

      # Whoever is to be asked, or told, has something.
      module Nobody
        class << self
          def passed? = false

          def pass(*) = raise(BackfillGlance::Unread)

          alias swap pass
          alias extend_life pass
          alias shown pass
          alias unsent pass
        end
      end

      # Ends where it would ask.
      class Look < Rehearsal
        # @param entry [RecordRef]
        # @param hook [Integrations::Hook]
        def initialize(entry, hook)
          super(entry, hook, glance: Nobody)
          @gate = Nobody
        end
      end
      private_constant :Nobody, :Look

      # @param hook [Integrations::Hook]
      # @param ids [Array<Integer>] of contacts that were written since
      def initialize(hook, ids)
        @hook = hook
        @ids = ids
      end

      # @return [Float] from 0 to 1
      def part
        return 1.0 if @ids.empty?

        some = @ids.each_slice(@ids.size.fdiv(SOME).ceil).map(&:first)
        some.count { |id| any?(id) }.fdiv(some.size)
      end

      private

      def any?(id)
        outcome = Look.new(RecordRef.new(@hook.id, "contact", id), @hook).perform
        outcome.to_h[:status] == "would_change"
      rescue BackfillGlance::Unread, KrayinSync::Error
        true
      end
    end
  end
end
