# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # How much of what there was in an hour, of one connection: added up as it happens, so that nothing of Chatwoot's is
    # gone through to tell it.
    #
    # - events: by how they ended; bulk: likewise those that had time; failures: by the code of the reason
    # - requests; budget: the most that Krayin allows a minute
    # - created: by what was made in Krayin
    # - delay: from the event until Krayin had it, by the seconds that it took at most
    # - persons, leads, won and lost, each with _inbox, _source and _agent: by its id
    # - to_lead, to_reply and to_won: from a contact's first words, as of delay
    class HourCount < ::ActiveRecord::Base
      self.table_name = "krayin_sync_hours"

      # Seconds for which they are kept: an analysis goes back a year.
      KEPT = 400 * 86_400
      # Seconds: the upper bounds of what is told of times.
      DELAYS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 900, 3600].freeze
      TIMES = [60, 300, 900, 3600, 14_400, 86_400, 604_800, 2_592_000].freeze
      # Of what is beyond the last of them.
      MORE = "more"
      # What is no sum.
      GREATEST = "budget"

      ADD = <<~SQL.squish
        INSERT INTO krayin_sync_hours AS known (hook_id, hour, name, part, count) VALUES %s
        ON CONFLICT (hook_id, hour, name, part) DO UPDATE SET count = CASE
          WHEN known.name = '#{GREATEST}' THEN GREATEST(known.count, excluded.count)
          ELSE known.count + excluded.count END
      SQL
      private_constant :ADD

      class << self
        # @param counts [Hash{Array(Integer, Time, String, String) => Integer}] by hook, hour, name and part
        # @return [void]
        def add(counts)
          return if counts.empty?

          # In one order: of two processes none has a row that the other waits for.
          rows = counts.sort.map { |key, count| sanitize_sql_array(["(?, ?, ?, ?, ?)", *key, count]) }
          connection.execute(format(ADD, rows.join(", ")), "KrayinSync hours")
        end

        # @return [String] the part of a name that a time counts for
        def bound(seconds, bounds) = (bounds.find { |most| seconds <= most } || MORE).to_s

        # @return [Integer] how many were too old
        def prune = table_exists? ? where("hour < ?", Time.now.utc - KEPT).delete_all : 0
      end
    end
  end
end
