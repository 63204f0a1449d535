# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Ids of an account's records that were written since a time, a page at a time. Chatwoot has no index on
    # `updated_at`, and this gem adds none to its tables: contacts and conversations are gone through by the account's
    # ids, in short statements that read a page each; messages by when they were made, which an index has.
    module Touched
      # Records that one statement reads. So few that the way by an index is the shortest for any account.
      PAGE = 2000
      # Ids that are looked at together afterwards.
      SLICE = 500

      BY_ID = <<~SQL.squish
        SELECT max(id) AS last, string_agg(id::text, ',' ORDER BY id) FILTER (WHERE updated_at >= :since) AS ids
        FROM (
          SELECT id, updated_at FROM %<table>s WHERE account_id = :account AND id > :after ORDER BY id LIMIT :page
        ) page
      SQL
      MESSAGES = <<~SQL.squish
        SELECT id, created_at FROM messages
        WHERE account_id = :account AND created_at >= :since AND (created_at, id) > (:since, :after)
          AND message_type IN (0, 1) AND NOT private
        ORDER BY created_at, id LIMIT :page
      SQL
      private_constant :BY_ID, :MESSAGES

      class << self
        # @param table [String] contacts or conversations
        # @yieldparam ids [Array<Integer>] some {SLICE} of them
        def by_id(table, account_id, since, &)
          after = 0
          while after
            told = row(format(BY_ID, table: table), account: account_id, since: since, after: after, page: PAGE)
            after = told["last"]
            told["ids"].to_s.split(",").map(&:to_i).each_slice(SLICE, &)
          end
        end

        # Those that people see.
        # @yieldparam ids [Array<Integer>]
        def messages(account_id, since)
          after = 0
          loop do
            rows = rows(MESSAGES, account: account_id, since: since, after: after, page: SLICE)
            yield rows.map { |row| row["id"] } unless rows.empty?
            return if rows.size < SLICE

            after, since = rows.last.values_at("id", "created_at")
          end
        end

        private

        def row(...) = rows(...).first

        def rows(sql, **values)
          base = ::ActiveRecord::Base
          values = values.transform_values { |value| value.acts_like?(:time) ? value.utc : value }
          base.connection.select_all(base.sanitize_sql_array([sql, values]), "KrayinSync sweep").to_a
        end
      end
    end
  end
end
