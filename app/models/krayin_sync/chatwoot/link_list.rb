# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A page of an account's records with what a connection's Krayin has of each, the newest first. Without a search it
    # goes by the links; with one, or for what has none, by the records.
    class LinkList
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
      WORDS = "(%<of>s.name ILIKE :words OR %<of>s.email ILIKE :words OR %<of>s.phone_number ILIKE :words)"
      FOUND = {
        "contact" => "(#{format(WORDS, of: "record")} OR record.id = :number)",
        "conversation" => "(record.display_id = :number OR record.contact_id IN (SELECT found.id FROM contacts found " \
                          "WHERE found.account_id = :account AND #{format(WORDS, of: "found")}))",
        "message" => "talk.display_id = :number"
      }.freeze
      LINK = "link.instance = :instance AND link.kind = :kind AND link.record_id = record.id"
      private_constant :SHOWN, :JOINED, :WORDS, :FOUND, :LINK

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

      def by_records? = !@search.nil? || @state == "absent"

      def sql
        by = by_records? ? "record.id" : "link.id"
        "SELECT link.*, link.id AS link_id, record.id AS record_id, :kind AS kind, #{SHOWN[@kind]}, #{by} AS place " \
          "FROM #{from} #{JOINED[@kind]} WHERE #{wanted(by).join(" AND ")} ORDER BY #{by} DESC LIMIT #{@limit + 1}"
      end

      def from
        table = TABLES[@kind]
        return "#{table} record LEFT JOIN krayin_sync_links link ON #{LINK}" if by_records?

        "krayin_sync_links link JOIN #{table} record ON record.id = link.record_id"
      end

      def wanted(by)
        [*("link.instance = :instance AND link.kind = :kind" unless by_records?), "record.account_id = :account",
         *state, *("link.reason_code = :reason" if @reason), *(FOUND[@kind] if @search),
         *("#{by} < :after" if @after)]
      end

      def state
        return [] unless @state
        return ["link.id IS NULL"] if @state == "absent"

        # By the partial index.
        ["link.state = :state", *("link.state <> 'synced'" if @state != "synced")]
      end

      def rows(sql)
        base = ::ActiveRecord::Base
        given = { instance: instance, kind: @kind, account: @hook.account_id, state: @state, reason: @reason,
                  words: "%#{base.sanitize_sql_like(@search.to_s)}%", number: id_of(@search), after: @after }
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
