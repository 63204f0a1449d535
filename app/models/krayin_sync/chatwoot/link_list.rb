# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A page of an account's records with what a connection's Krayin has of each, the newest first. Without a search it
    # goes by the links; with one, or for what has none, mostly by the records.
    class LinkList
      include Opaque

      TABLES = { "contact" => "contacts", "conversation" => "conversations", "message" => "messages" }.freeze
      STATES = %w[synced waiting skipped refused doubtful absent].freeze
      MOST = 100
      USUAL = 25

      # What is shown of a record, as people see it in Chatwoot.
      SHOWN = {
        "contact" => "record.name AS name, record.email AS email, record.phone_number AS phone_number, NULL AS number",
        "conversation" => "person.name AS name, person.email AS email, person.phone_number AS phone_number, " \
                          "record.display_id AS number",
        "message" => "person.name AS name, person.email AS email, person.phone_number AS phone_number, " \
                     "talk.display_id AS number"
      }.freeze
      JOINED = {
        "contact" => "",
        "conversation" => "LEFT JOIN contacts person ON person.id = record.contact_id",
        "message" => "LEFT JOIN conversations talk ON talk.id = record.conversation_id " \
                     "LEFT JOIN contacts person ON person.id = talk.contact_id"
      }.freeze
      # Where there are more contacts than that which a search means, their conversations are found on the way.
      MANY = 1000
      LINK = "link.instance = :instance AND link.kind = :kind AND link.record_id = record.id"
      # Read once: mostly all have a link, and each would be looked for by itself.
      KNOWN = <<~SQL.squish
        WITH known AS MATERIALIZED (
          SELECT record_id FROM krayin_sync_links WHERE instance = :instance AND kind = :kind
        )
      SQL
      # Chatwoot's index knows letters by threes.
      LETTERS = 3
      # Beyond the id of any link.
      LAST = (2**63) - 1
      private_constant :SHOWN, :JOINED, :MANY, :LINK, :KNOWN, :LETTERS, :LAST

      # @param hook [Integrations::Hook]
      # @param kind [String] contact, conversation or message
      # @param state [String, nil] one of {STATES}
      # @param reason [String, nil] a reason's code
      # @param search [String, nil] a part of the name, the address or the number, or an id: a conversation's is its
      #   number
      # @param after [String, nil] where the page before ended
      # @raise [ArgumentError]
      def initialize(hook, kind: nil, state: nil, reason: nil, search: nil, after: nil, limit: nil)
        @hook = hook
        @kind = one_of(TABLES.keys, kind.presence || "contact", "kind")
        @state = one_of(STATES, state, "state") if state.present?
        @reason = reason.presence
        @search = search.to_s.strip.presence
        @after = number(after, "after")
        @limit = (number(limit, "limit") || USUAL).clamp(1, MOST)
      end

      # @return [Hash{Symbol => Object}] links (see {LinkRow}) and after (where the next page begins; nil at the end)
      def page
        rows = instance ? rows(sql) : []
        more = rows.size > @limit
        rows = rows.first(@limit)
        links = rows.map { |row| LinkRow.new(@hook, row).to_h }
        { links: links, after: (rows.last["place"] if more) }
      end

      private

      def instance = @instance ||= HookSettings.instance(@hook)

      # No index finds what begins with two letters: of a few links with a state each is looked at sooner.
      def by_records? = absent? || (!@search.nil? && !(apart? && short?))

      def short? = @search.size < LETTERS

      def absent? = @state == "absent"

      def sql
        columns = absent? ? "NULL AS link_id" : "link.*, link.id AS link_id"
        columns += ", record.id AS record_id, :kind AS kind, #{SHOWN[@kind]}, #{order.last} AS place"
        by = order.map { |column| "#{column} DESC" }.join(", ")
        "#{KNOWN if absent?} SELECT #{columns} FROM #{from} #{JOINED[@kind]} WHERE #{wanted.join(" AND ")} " \
          "ORDER BY #{by} LIMIT #{@limit + 1}"
      end

      def from
        table = TABLES[@kind]
        return "#{table} record" if absent?
        return "#{table} record LEFT JOIN krayin_sync_links link ON #{LINK}" if by_records?

        "krayin_sync_links link JOIN #{table} record ON record.id = link.record_id"
      end

      def wanted
        [*place, "record.account_id = :account", *state, *("link.reason_code = :reason" if @reason),
         *(found if @search)].flatten
      end

      # By a range of the index that has exactly these columns: by their equality, PostgreSQL may take the order of ids
      # for a shorter way, which leads past all links of other kinds.
      def place
        return [*("record.id < :after" if @after)] if by_records?

        columns = order.join(", ")
        values = apart? ? ":instance, :kind, :state" : ":instance, :kind"
        ["(#{columns}) < (#{values}, #{@after ? ":after" : LAST})", "(#{columns}) >= (#{values}, 0)"]
      end

      def order
        return ["record.id"] if by_records?

        ["link.instance", "link.kind", *("link.state" if apart?), "link.id"]
      end

      # By the partial index.
      def apart? = !@state.nil? && @state != "synced"

      def state
        return [] unless @state
        return ["NOT EXISTS (SELECT 1 FROM known WHERE known.record_id = record.id)"] if absent?

        by_records? || !apart? ? ["link.state = :state"] : ["link.state <> 'synced'"]
      end

      # @return [Array<String>] each of which may be
      def found
        case @kind
        when "contact" then "(#{words("record")} OR record.id = :number)"
        when "message" then "talk.display_id = :number"
        else "(record.display_id = :number OR #{by_person})"
        end
      end

      # Who is meant by few contacts is looked for by these; else the first that come are soon enough.
      def by_person
        ids = rows("SELECT found.id FROM contacts found WHERE found.account_id = :account AND #{words("found")} " \
                   "LIMIT #{MANY + 1}").map { |row| row["id"] }
        return words("person") if ids.size > MANY

        ids.empty? ? "false" : "record.contact_id IN (#{ids.join(", ")})"
      end

      # Fewer letters than the index knows are those that a word begins with.
      def words(of)
        patterns = short? ? [":begins", ":within"] : [":words"]
        any = %w[name email phone_number].product(patterns).map { |column, pattern| "#{of}.#{column} ILIKE #{pattern}" }
        "(#{any.join(" OR ")})"
      end

      def rows(sql)
        base = ::ActiveRecord::Base
        text = base.sanitize_sql_like(@search.to_s)
        given = { instance: instance, kind: @kind, account: @hook.account_id, state: @state, reason: @reason,
                  words: "%#{text}%", begins: "#{text}%", within: "% #{text}%", number: id_of(@search), after: @after }
        base.connection.select_all(base.sanitize_sql_array([sql, given]), "KrayinSync links").to_a
      end

      # No id where it is longer than any.
      def id_of(text) = text.to_s.delete_prefix("#").then { |digits| digits.match?(/\A\d{1,9}\z/) ? digits.to_i : 0 }

      def one_of(known, given, name)
        return given if known.include?(given)

        raise ArgumentError, "#{name} must be one of #{known.join(", ")}."
      end

      def number(given, name)
        return if given.blank?

        found = Integer(given.to_s, 10, exception: false)
        return found if found&.between?(0, Arguments::LARGEST_ID)

        raise ArgumentError, "#{name} must be a number."
      end
    end
  end
end
