# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # How many records of an account stand how in a connection's Krayin.
    module LinkCounts
      # What is not in step is counted by the partial index, and all by the one on kinds.
      APART = <<~SQL.squish
        SELECT kind, state, reason_code, count(*) AS count FROM krayin_sync_links link
        WHERE instance = :instance AND state <> 'synced' GROUP BY kind, state, reason_code
      SQL
      ALL = "SELECT kind, count(*) AS count FROM krayin_sync_links WHERE instance = :instance GROUP BY kind"
      # Where other accounts have the same Krayin: by the account's records. What is in step is most of it, so all are
      # counted once in a while.
      OF_ACCOUNT = lambda do |columns, more|
        LinkList::TABLES.map { |kind, table| <<~SQL.squish }.join(" UNION ALL ").freeze
          SELECT #{columns}, count(*) AS count FROM krayin_sync_links link
          JOIN #{table} record ON record.id = link.record_id
          WHERE link.instance = :instance AND link.kind = '#{kind}' AND record.account_id = :account #{more}
          GROUP BY #{columns}
        SQL
      end
      APART_OF_ACCOUNT = OF_ACCOUNT.call("link.kind, link.state, link.reason_code", "AND link.state <> 'synced'")
      ALL_OF_ACCOUNT = OF_ACCOUNT.call("link.kind", "")
      # Seconds for which such a number holds.
      FRESH = 60
      private_constant :APART, :ALL, :OF_ACCOUNT, :APART_OF_ACCOUNT, :ALL_OF_ACCOUNT

      class << self
        # @param hook [Integrations::Hook]
        # @return [Hash{String => Hash}] by kind: states (how many by state) and reasons (state, code, count, and the
        #   sentence of one of them)
        def of(hook)
          given = { instance: HookSettings.instance(hook), account: hook.account_id }
          return {} unless given[:instance]

          counted(hook, given).group_by { |row| row["kind"] }.transform_values do |rows|
            states = rows.group_by { |row| row["state"] }.transform_values { |some| some.sum { |row| row["count"] } }
            { states: states, reasons: reasons(hook, rows) }
          end
        end

        private

        def counted(hook, given)
          alone = alone?(hook, given[:instance])
          apart = rows(alone ? APART : APART_OF_ACCOUNT, given)
          (alone ? rows(ALL, given) : all_of_account(hook, given)).each do |row|
            others = apart.sum { |one| one["kind"] == row["kind"] ? one["count"] : 0 }
            apart << row.merge("state" => "synced", "count" => [row["count"] - others, 0].max)
          end
          apart
        end

        def all_of_account(hook, given)
          key = RedisStore.key("counts", hook.id, given[:instance])
          known = RedisStore.call("GET", key)
          return JSON.parse(known) if known

          rows(ALL_OF_ACCOUNT, given).tap { |all| RedisStore.call("SET", key, JSON.generate(all), "EX", FRESH) }
        end

        # Of what is in step the reason says what was left as it is: not why it is not there.
        def reasons(hook, rows)
          said = rows.select { |row| row["reason_code"] && row["state"] != "synced" }
          said.sort_by { |row| -row["count"] }.map do |row|
            one = LinkList.new(hook, kind: row["kind"], state: row["state"], reason: row["reason_code"], limit: 1)
            { state: row["state"], code: row["reason_code"], count: row["count"],
              sentence: one.page[:links].first&.dig(:reason, :sentence) || row["reason_code"] }
          end
        end

        def alone?(hook, instance)
          others = HookSettings.all.where.not(account_id: hook.account_id)
          others.where("settings -> 'traits' ->> 'instance' = ?", instance).none?
        end

        def rows(sql, given)
          base = ::ActiveRecord::Base
          base.connection.select_all(base.sanitize_sql_array([sql, given]), "KrayinSync counts").to_a
        end
      end
    end
  end
end
