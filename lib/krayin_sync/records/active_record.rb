# frozen_string_literal: true

require "active_record"
require_relative "merge"
# Inside Chatwoot its loader brings the models.
require_relative "../../../app/models/krayin_sync/records/link" unless defined?(Rails::Engine) && defined?(Sidekiq)

module KrayinSync
  module Records
    # Keeps ids in the table krayin_sync_links of a PostgreSQL, a row a record and Krayin:
    # `rails generate krayin_sync:install` writes its migration.
    #
    # A load is one statement, a store another. Where two writers meet, the later one locks the row and keeps what the
    # other added.
    class ActiveRecord
      include Opaque

      # What the instances of Krayins begin with that are known by more than their address. Such a row is its Krayin's
      # own: what is known of another one neither takes it away nor brings it back.
      RECOGNISED = "krayin-"
      # A format of a format: what comes with each record is quoted by {#upsert}.
      UPSERT = <<~SQL.squish
        WITH %<beside>s adopted AS (
          DELETE FROM krayin_sync_links WHERE kind = %%<kind>s AND record_id = %%<record>s
            AND instance NOT IN (%%<servers>s) AND NOT starts_with(instance, '#{RECOGNISED}')
        )
        INSERT INTO krayin_sync_links AS link (kind, record_id, revision, %<names>s, created_at, updated_at)
        VALUES (%%<kind>s, %%<record>s, 1, %<values>s, %%<now>s, %%<now>s)
        ON CONFLICT (instance, kind, record_id) DO UPDATE
        SET %<changes>s, revision = link.revision + 1, attempts = 0, updated_at = %%<now>s
        WHERE link.revision = %%<revision>s
        RETURNING link.revision
      SQL
      private_constant :UPSERT

      # @param began [Time, nil] when the record was read: what changes later is not yet in Krayin
      def initialize(began: nil)
        @began = began
      end

      # @param kind [String] contact, conversation or message
      # @param id [Integer]
      # @return [String, nil] JSON
      def load(kind, id)
        connection = Link.connection
        connection.select_value(Link.kept(connection.quote(kind), connection.quote(id)), "#{Link} Load")
      end

      # @return [void]
      def store(kind, id, json)
        stored = JSON.parse(json)
        upsert(kind, id, stored) || Link.transaction { meet(kind, id, stored) }
        keep_others(kind, id, stored["others"].to_a)
        nil
      end

      # @param instance [String] which Krayin
      # @param person [Integer] its id there
      # @return [Array<Integer>] the contacts whose person this is, the first few
      def contacts_of(instance, person)
        Link.where(instance: instance, person_id: person, kind: "contact").order(:id).limit(10).pluck(:record_id)
      end

      private

      # @return [Integer, nil] the row's revision; nothing where another writer came between
      def upsert(kind, id, stored)
        now = Time.now.utc
        columns = Link.columns_of(stored).merge("seen_at" => (@began || now).getutc)
        values = columns.merge("kind" => kind, "record" => id, "now" => now, "ids" => stored["ids"],
                               "revision" => stored["revision"].to_i)
        connection = Link.connection
        quoted = values.to_h do |name, value|
          [name.to_sym, connection.quote(value.is_a?(Enumerable) ? JSON.generate(value) : value)]
        end
        quoted[:servers] = [stored, *stored["others"]].map { |known| connection.quote(known["server"].to_s) }.join(", ")
        connection.select_value(format(statement(columns.keys, beside(kind, id, stored["ids"])), quoted))
      end

      # What the same statement is to do first: a part of WITH, with a comma behind it. Takes the columns, kind, record,
      # ids and now as format has them.
      def beside(_kind, _id, _ids) = ""

      STATEMENTS = {} # rubocop:disable Style/MutableConstant -- of each beside, a handful
      private_constant :STATEMENTS

      def statement(names, beside)
        STATEMENTS[[names, beside]] ||=
          format(UPSERT, beside: beside, names: names.join(", "), values: names.map { |name| "%<#{name}>s" }.join(", "),
                         changes: names.map { |name| "#{name} = EXCLUDED.#{name}" }.join(", ")).freeze
      end

      def meet(kind, id, stored)
        kept = Link.locked(kind: kind, record_id: id, instance: stored["server"].to_s)
        upsert(kind, id, Merge.after(stored, kept).merge("revision" => kept["revision"]))
      end

      # What was known of another Krayin by a row of this one, before both were told apart.
      def keep_others(kind, id, others)
        now = Time.now.utc
        rows = others.reject { |other| other["server"].to_s.start_with?(RECOGNISED) }.map do |other|
          Link.columns_of(other).merge("kind" => kind, "record_id" => id, "seen_at" => now, "created_at" => now,
                                       "updated_at" => now)
        end
        Link.insert_all(rows, unique_by: %i[instance kind record_id]) unless rows.empty?
      end
    end
  end
end
