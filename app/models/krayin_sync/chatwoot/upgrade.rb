# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Moves what version 0.1 kept in `additional_attributes` into krayin_sync_links, and takes it out there.
    #
    # Anybody could write those columns. So ids count as they stand when their batch is moved, and each is looked at in
    # Krayin once, before it is used; what is written there later is never read. A batch is made ready before a row
    # is locked, and moved by a transaction of short statements; how far it came is kept with it: a run that was broken
    # off goes on where it ended, and one that is over never begins again.
    class Upgrade
      Kind = Struct.new(:name, :path, :known_by, keyword_init: true) do
        def table = "#{name}s"
        def json_path = "{#{path.join(",")}}"
      end

      KINDS = [
        Kind.new(name: "contact", path: %w[external krayin], known_by: %w[email phone_number]),
        Kind.new(name: "conversation", path: %w[krayin], known_by: []),
        Kind.new(name: "message", path: %w[krayin], known_by: [])
      ].freeze

      BATCH = 500
      # The longest that a statement may take, and may wait for a row that somebody else writes.
      LIMITS = { "statement_timeout" => "14s", "lock_timeout" => "2s" }.freeze
      # Tries of one batch, each half as large.
      TRIES = 8
      BUSY = [::ActiveRecord::QueryCanceled, ::ActiveRecord::LockWaitTimeout, ::ActiveRecord::Deadlocked].freeze

      # Where a run keeps how far it came: a row of a Krayin that is none.
      INSTANCE = "upgrade"

      # What version 0.1 could have written.
      SERVER = /\A\h{12}\z/
      DIGESTS = /\A\h{12}(?:\|\h{12})*\z/
      RULES = %w[created first_response resolved].freeze
      FIELD = /\A[\w.:-]{1,64}\z/

      # As one value: a statement with each column of each row takes longer to be written than to be run.
      INSERT = <<~SQL.squish
        INSERT INTO krayin_sync_links (%<columns>s)
        SELECT %<columns>s FROM jsonb_populate_recordset(NULL::krayin_sync_links, ?::jsonb)
        ON CONFLICT (instance, kind, record_id) DO NOTHING
      SQL

      # What was made ready: the last id of the page, and links by the rows that they are made of.
      Ready = Struct.new(:last, :links)
      private_constant :FIELD, :INSERT, :Ready

      def initialize(batch: BATCH)
        @batch = batch
      end

      # @yield [kind, moved, last] after each batch
      # @return [Hash{String => Integer}] how many links were moved, by kind
      def run
        KINDS.to_h do |kind|
          [kind.name, move(kind) { |*progress| yield(*progress) if block_given? }]
        end
      end

      private

      def link = KrayinSync::Records::Link

      def move(kind)
        moved = 0
        cursor, done = progress(kind)
        until done
          count, cursor, done = batch(kind, cursor)
          moved += count
          yield kind.name, count, cursor
        end
        moved
      end

      def progress(kind)
        row = link.find_by(instance: INSTANCE, kind: kind.name, record_id: 0)
        row ? row.rest.values_at("cursor", "done") : [0, false]
      end

      # @return [Array(Integer, Integer, Boolean)] how many were moved, the last id, whether there are no more
      def batch(kind, cursor)
        size = @batch
        tries = 0
        begin
          ready = ready_links(kind, cursor, size)
          link.transaction { move_page(kind, cursor, size, ready) }
        rescue *BUSY
          raise if (tries += 1) >= TRIES

          size = [size / 2, 1].max
          retry
        end
      end

      # Reading them takes longest: nobody is kept from writing the rows by it.
      # @return [Ready]
      def ready_links(kind, cursor, size)
        last = nil
        rows = link.transaction do
          limit
          last = last_of_page(kind, cursor, size)
          last ? rows_of(kind, cursor, last) : []
        end
        Ready.new(last, rows.to_h { |row| [row, link_of(kind, row)] })
      end

      # A row that was written since it was made ready is read again.
      # @param ready [Ready]
      def move_page(kind, cursor, size, ready = ready_links(kind, cursor, size))
        limit
        last = ready.last
        rows = last ? rows_of(kind, cursor, last, lock: "FOR UPDATE") : []
        links = rows.filter_map { |row| ready.links.fetch(row) { link_of(kind, row) } }
        insert(links) unless links.empty?
        take_out(kind, rows.map { |row| row["id"] }) unless rows.empty?
        keep(kind, last || cursor, last.nil?)
        [links.size, last || cursor, last.nil?]
      end

      def limit
        set = LIMITS.map { |name, value| "set_config('#{name}', '#{value}', true)" }
        link.connection.select_rows("SELECT #{set.join(", ")}")
      end

      def insert(links)
        sql = format(INSERT, columns: links.first.keys.join(", "))
        link.connection.exec_update(link.sanitize_sql_array([sql, JSON.generate(links)]), "KrayinSync upgrade")
      end

      def last_of_page(kind, cursor, size)
        value("SELECT max(id) FROM (SELECT id FROM #{kind.table} WHERE id > ? ORDER BY id LIMIT ?) page", cursor, size)
      end

      def rows_of(kind, cursor, last, lock: "")
        columns = ["id", *kind.known_by, "additional_attributes #> '#{kind.json_path}' AS kept"].join(", ")
        sql = "SELECT #{columns} FROM #{kind.table} WHERE id > ? AND id <= ? " \
              "AND additional_attributes #> '#{kind.json_path}' IS NOT NULL ORDER BY id #{lock}"
        link.connection.select_all(link.sanitize_sql_array([sql, cursor, last])).to_a
      end

      # Only its own key goes; what it stood in goes where it held nothing else.
      def take_out(kind, ids)
        without = "additional_attributes #- '#{kind.json_path}'"
        if kind.path.size > 1
          without = "CASE WHEN #{without} -> '#{kind.path.first}' = '{}'::jsonb " \
                    "THEN additional_attributes - '#{kind.path.first}' ELSE #{without} END"
        end
        sql = "UPDATE #{kind.table} SET additional_attributes = #{without} WHERE id IN (?)"
        link.connection.update(link.sanitize_sql_array([sql, ids]))
      end

      def keep(kind, cursor, done)
        now = Time.now.utc
        row = { instance: INSTANCE, kind: kind.name, record_id: 0, rest: { cursor: cursor, done: done },
                created_at: now, updated_at: now }
        link.upsert_all([row], unique_by: %i[instance kind record_id])
      end

      # @return [Hash, nil] columns; nothing where nothing was kept that could be used
      def link_of(kind, row)
        kept = hash(row["kept"])
        stored = hash(kept["kept"])
        known = known(stored)
        return if known.values.all? { |value| [false, "", []].include?(value) }

        now = Time.now.utc.iso8601(6)
        known = known.merge("server" => stored["server"].to_s[SERVER], "unverified" => !known["ids"].empty?,
                            "sent" => sent(stored["sent"], row.values_at(*kind.known_by)))
        link.columns_of(known).merge("kind" => kind.name, "record_id" => row["id"], "seen_at" => at(kept["at"]),
                                     "created_at" => now, "updated_at" => now)
      end

      def known(stored)
        { "ids" => ExternalId.build(ids(stored["ids"])), "stages" => RULES & Array(stored["stages"]),
          "pending" => stored["pending"] == true }
      end

      def ids(text) = ExternalId.parse(text.to_s).select { |_, id| id <= Arguments::LARGEST_ID }

      # The digests without a key, which say what is our own once the ids were seen to be right; and what Krayin's
      # person is known by then.
      def sent(digests, identity)
        kept = hash(digests).select { |field, digest| field.match?(FIELD) && digest.to_s.match?(DIGESTS) }
        known = identity.compact_blank.flat_map { |value| [value.strip, value.strip.downcase] }.uniq
        known = known.map { |value| digest(value) }
        known.empty? ? kept : kept.merge("identity" => known.join("|"))
      end

      # As the core makes them.
      def digest(value) = OpenSSL::HMAC.hexdigest("SHA256", KrayinSync.configuration.secret.to_s, value)[0, 24]

      # jsonb or its text, whatever somebody put there.
      def hash(value)
        value = JSON.parse(value) if value.is_a?(String)
        value.is_a?(Hash) ? value : {}
      rescue JSON::ParserError
        {}
      end

      def at(text)
        Time.iso8601("#{text}Z").iso8601(6)
      rescue ArgumentError
        nil
      end

      def value(sql, *values) = link.connection.select_value(link.sanitize_sql_array([sql, *values]))
    end
  end
end
