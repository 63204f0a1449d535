# frozen_string_literal: true

require "time"

module KrayinSync
  module Chatwoot
    # How far the leads of a Krayin have been looked through, by answers that have the leads touched last first. It asks
    # nothing and knows no clock but the server's own.
    #
    # A lead counts as changed where it was not in the answer before, or was otherwise there: the second in which it was
    # touched does not tell, since two changes fall into one. An answer reaches far enough where it goes down to a lead
    # that was there before as it is now and was touched longer ago than servers' clocks and transactions are apart;
    # whatever was touched since stands above that one.
    class LeadCursor
      # What an answer tells:
      # - changed: rows that are to be looked at
      # - reaches: whether it reaches far enough; where not, a longer one is wanted
      # - all: whether all leads are to be read by other means, because answers did not
      # - gone: how many leads were deleted since, where the server counts them
      # - state: what the next look begins with
      Seen = Struct.new(:changed, :reaches, :all, :gone, :state, keyword_init: true)

      # Seconds that the clocks of one Krayin's servers may differ by, and that a transaction may last.
      OVERLAP = 120

      # @return [Hash{String => Object}] as JSON keeps it
      attr_reader :state

      # @param state [Hash{String => Object}] what the look before has left; none where there was none
      def initialize(state = {})
        @state = state
      end

      # Whether this is the first look.
      def new? = state["seen"].nil?

      # @param rows [Array<Array(Integer, String, String)>] id, when touched, and a digest of what there is to see
      # @param full [Boolean] whether there may be leads that the answer has no room for
      # @param total [Integer, nil] how many leads there are, where the server tells
      # @param now [Integer] seconds by the looks' own clock
      # @return [Seen]
      def look(rows, full:, total: nil, now: Time.now.to_i)
        seen = state["seen"].to_h
        changed = new? ? [] : rows.reject { |id, _, digest| seen[id.to_s] == digest }
        reaches = !full || reaches?(rows, seen)
        owed = new? || state["owed"] || !reaches
        all = owed && (state["all_at"].nil? || now - state["all_at"] >= OVERLAP)
        Seen.new(changed: changed, reaches: reaches, all: all, gone: gone(rows, total),
                 state: after(rows, total, now: now, reaches: reaches, owed: owed, all: all))
      end

      # What is to be looked at once more counts as not seen.
      # @return [Hash]
      def self.without(state, ids) = state.merge("seen" => state["seen"].to_h.except(*ids.map(&:to_s)))

      private

      def reaches?(rows, seen)
        horizon = [top && (top - OVERLAP), floor].compact.max
        rows.any? { |id, at, digest| seen[id.to_s] == digest && horizon && second(at) <= horizon }
      end

      # Of a mass of leads that were touched in one second no answer reaches the end. Once the clocks that are behind
      # have passed that second and all were read, an answer need go down to it alone.
      def after(rows, total, now:, reaches:, owed:, all:)
        newest = rows.map { |_, at, _| second(at) }.max || top
        since = (state["since"] if newest == top) || now
        passed = now - since >= OVERLAP
        owed = !(reaches || passed) if all
        known(rows, total).merge("top" => newest, "since" => since, "owed" => owed,
                                 "floor" => all && passed ? newest : floor,
                                 "all_at" => all ? now : state["all_at"]).compact
      end

      def known(rows, total)
        { "seen" => rows.to_h { |id, _, digest| [id.to_s, digest] }, "total" => total || state["total"],
          "highest" => [highest, *rows.map(&:first)].max }
      end

      def gone(rows, total)
        before = state["total"]
        return 0 unless total && before

        made = rows.count { |id, _, _| id > highest }
        [before + made - total, 0].max
      end

      def top = state["top"]

      def floor = state["floor"]

      def highest = state["highest"].to_i

      # What no time can be read of was touched before all others.
      def second(at)
        Time.parse(at.to_s).to_i
      rescue ArgumentError
        0
      end
    end
  end
end
