# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A page of what a connection has done, the newest first, with whom it was about.
    class LogList
      include Opaque

      MOST = 200
      USUAL = 50
      # Contacts whom a search may mean.
      MEANT = 200
      FAILED = "line.status NOT IN ('synced', 'skipped')"
      SQL = <<~SQL.squish
        SELECT line.*, person.name AS name, person.email AS email, person.phone_number AS phone_number,
          talk.display_id AS number
        FROM (SELECT * FROM krayin_sync_log_lines line WHERE %<wanted>s
              ORDER BY line.at DESC, line.id DESC LIMIT %<limit>d) line
        LEFT JOIN contacts person ON person.id = line.contact_id AND person.account_id = :account
        LEFT JOIN conversations talk ON talk.id = line.conversation_id AND talk.account_id = :account
        ORDER BY line.at DESC, line.id DESC
      SQL
      private_constant :FAILED, :SQL

      # @param hook [Integrations::Hook]
      # @param contact [#to_s, nil] a contact's id, or a part of the name, the address or the number
      # @param from [String, nil] ISO 8601: nothing older than that
      # @param to [String, nil] likewise: nothing as young as that
      # @param failed [Object] whether only what failed is wanted
      # @param after [String, nil] where the page before ended
      # @raise [ArgumentError]
      def initialize(hook, contact: nil, from: nil, to: nil, failed: nil, after: nil, limit: nil)
        @hook = hook
        @contact = contact.to_s.strip.presence
        @from = time(from, "from")
        @to = time(to, "to")
        @failed = ::ActiveModel::Type::Boolean.new.cast(failed)
        @place = place(after)
        @limit = (Integer(limit.presence || USUAL, exception: false) || USUAL).clamp(1, MOST)
      end

      # @return [Hash{Symbol => Object}] lines (see {#line}) and after (where the next page begins; nil at the end)
      def page
        rows = LogLine.table_exists? && contacts != [] ? read : []
        more = rows.size > @limit
        rows = rows.first(@limit)
        { lines: rows.map { |row| line(row) }, after: (place_of(rows.last) if more) }
      end

      private

      def line(row)
        { at: time_of(row).iso8601, event: row["event"], status: row["status"], kind: row["kind"],
          record_id: row["record_id"], name: row["name"] || row["email"] || row["phone_number"],
          contact_id: row["contact_id"], number: row["number"], page: page_of(row), reasons: reasons(row),
          wrote: json(row["wrote"]), krayin: krayin(row), requests: row["requests"], duration_ms: row["duration_ms"] }
      end

      def reasons(row)
        json(row["codes"]).map do |kept|
          reason = Reason.of(kept)
          { code: reason.code, sentence: reason.sentence(::I18n.locale) }
        end
      end

      def page_of(row)
        account = @hook.account_id
        return ChatwootPages.conversation(account, row["number"]) if row["number"]

        ChatwootPages.contact(account, row["contact_id"]) if row["name"] || row["email"] || row["phone_number"]
      end

      def krayin(row)
        %w[person lead].filter_map do |type|
          id = row["#{type}_id"]
          id && { type: type, id: id, page: KrayinPages.of(@hook.settings.to_h, type, id) }
        end
      end

      def read
        wanted = ["line.hook_id = :hook", *("line.at >= :from" if @from), *("line.at < :to" if @to),
                  *(FAILED if @failed), *("line.contact_id IN (:contacts)" if @contact),
                  *("(line.at, line.id) < (:at, :id)" if @place)]
        rows(format(SQL, wanted: wanted.join(" AND "), limit: @limit + 1))
      end

      # Few, whose lines are found by an index each.
      # @return [Array<Integer>, nil] nil where all are wanted
      def contacts
        return unless @contact

        @contacts ||= begin
          any = %w[name email phone_number].map { |column| "#{column} ILIKE :words" }.join(" OR ")
          rows("SELECT id FROM contacts WHERE account_id = :account AND (id = :number OR #{any}) LIMIT #{MEANT}")
            .map { |row| row["id"] }.union([number]).reject(&:zero?)
        end
      end

      # One that is gone is found by its id.
      def number = @contact.delete_prefix("#").then { |text| text.match?(/\A\d{1,9}\z/) ? text.to_i : 0 }

      def rows(sql)
        base = ::ActiveRecord::Base
        given = { hook: @hook.id, account: @hook.account_id, from: @from, to: @to, contacts: @contacts,
                  at: @place&.first, id: @place&.last, number: @contact && number,
                  words: "%#{base.sanitize_sql_like(@contact.to_s)}%" }
        base.connection.select_all(base.sanitize_sql_array([sql, given]), "KrayinSync log").to_a
      end

      def json(kept) = kept.is_a?(String) ? JSON.parse(kept) : kept.to_a

      def time_of(row) = row["at"].is_a?(String) ? ::Time.find_zone("UTC").parse(row["at"]) : row["at"].utc

      # Microseconds, as the column has them.
      def place_of(row)
        at = time_of(row)
        "#{(at.to_i * 1_000_000) + at.usec}-#{row["id"]}"
      end

      def place(after)
        return if after.blank?

        micros, id = /\A(\d{1,17})-(\d{1,18})\z/.match(after.to_s)&.captures&.map(&:to_i)
        raise ArgumentError, "after must be where a page ended." unless id

        [::Time.at(micros / 1_000_000, micros % 1_000_000, :usec).utc, id]
      end

      def time(given, name)
        return if given.blank?

        ::Time.iso8601(given.to_s).utc
      rescue ArgumentError
        raise ArgumentError, "#{name} must be a time of ISO 8601."
      end
    end
  end
end
