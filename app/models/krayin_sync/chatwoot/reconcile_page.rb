# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A page of all that Krayin has of the kind that a {Reconcile} is at, by its ids.
    class ReconcilePage
      # Records of a full one, where the server says of none how many there are in all.
      SIZE = 1000

      # Krayin gives its records in no order: they cannot be read whole.
      class Unordered < StandardError; end

      # @return [Array<Array>] as the core tells them
      attr_reader :rows
      # @return [Integer] how many records it has, with those that cannot be read
      attr_reader :count
      # @return [Time] before it was asked for: what was written later is as it was not yet
      attr_reader :asked_at

      # @param run [Reconcile]
      # @param hook [Integrations::Hook]
      # @raise [Error, Unordered]
      def initialize(run, hook)
        @asked_at = Time.now.utc
        told = Session.new(hook.settings, bulk: true).call(:inventory_page, run.phase, run.page + 1)
        @after = run.cursor
        @rows = in_order(told["rows"].select { |id, *| id.is_a?(Integer) })
        @count = told["count"]
        @last = last?(told["total"], run.counts[run.phase].to_i + count)
      end

      def last_one? = @last

      # @return [Range] ids of which it has all that there are
      def range = (@after + 1)..(last_id unless @last)

      # @return [Integer]
      def last_id = rows.last&.first || @after

      private

      def last?(total, seen) = count.zero? || (total ? seen >= total : count < SIZE)

      def in_order(rows)
        ids = [@after, *rows.map(&:first)]
        raise Unordered unless ids.each_cons(2).all? { |before, id| before < id }

        rows
      end
    end
  end
end
