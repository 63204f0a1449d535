# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # How many records of an account stand how in a connection's Krayin.
    module LinkCounts
      # What is not in step is counted by the partial index, and all by the one on kinds.
      APART = <<~SQL.squish
        SELECT told.*, (
          SELECT reason_params::text FROM krayin_sync_links link WHERE link.instance = :instance AND
            link.kind = told.kind AND link.state = told.state AND link.reason_code = told.reason_code AND
            link.state <> 'synced' %<ours>s LIMIT 1
        ) AS params FROM (
          SELECT kind, state, reason_code, count(*) AS count FROM krayin_sync_links link
          WHERE instance = :instance AND state <> 'synced' %<ours>s GROUP BY kind, state, reason_code
        ) told
      SQL
      ALL = <<~SQL.squish
        SELECT kind, count(*) AS count FROM krayin_sync_links link WHERE instance = :instance %<ours>s GROUP BY kind
      SQL
      # Where other accounts have the same Krayin.
      OURS = "AND (#{LinkList::TABLES.map { |kind, table| <<~SQL.squish }.join(" OR ")})".freeze
        (link.kind = '#{kind}' AND EXISTS (
          SELECT 1 FROM #{table} record WHERE record.id = link.record_id AND record.account_id = :account
        ))
      SQL
      private_constant :APART, :ALL, :OURS

      class << self
        # @param hook [Integrations::Hook]
        # @return [Hash{String => Hash}] by kind: states (how many by state) and reasons (state, code, count, and the
        #   sentence of one of them)
        def of(hook)
          instance = HookSettings.instance(hook)
          return {} unless instance

          ours = alone?(hook, instance) ? "" : OURS
          given = { instance: instance, account: hook.account_id }
          apart = rows(format(APART, ours: ours), given).group_by { |row| row["kind"] }
          rows(format(ALL, ours: ours), given).to_h { |row| [row["kind"], told(row["count"], apart[row["kind"]].to_a)] }
        end

        private

        def told(all, apart)
          states = apart.group_by { |row| row["state"] }.transform_values { |rows| rows.sum { |row| row["count"] } }
          said = apart.select { |row| row["reason_code"] }.sort_by { |row| -row["count"] }
          states = { "synced" => [all - states.values.sum, 0].max, **states }
          { states: states, reasons: said.map { |row| reason(row) } }
        end

        def reason(row)
          reason = Reason.of("code" => row["reason_code"], "params" => JSON.parse(row["params"] || "{}"))
          { state: row["state"], code: reason.code, count: row["count"], sentence: reason.sentence(::I18n.locale) }
        end

        def alone?(hook, instance)
          others = ::Integrations::Hook.where(app_id: ProcessorService::APP_ID).where.not(account_id: hook.account_id)
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
