# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What some contacts' conversations have still to bring to Krayin, by what the connection makes of them: counted in
    # one statement.
    class BackfillTalks
      include Opaque

      # Of conversations that are joined with what is kept of them, and of whose contacts.
      NOTED = "link.activity_id IS NULL"
      LED = "link.lead_id IS NULL AND link.activity_id IS NULL"
      UNSEEN = "link.record_id IS NULL"

      JOINED = <<~SQL.squish
        LEFT JOIN krayin_sync_links link
          ON link.kind = 'conversation' AND link.record_id = conversations.id AND link.instance = :instance
        LEFT JOIN krayin_sync_links whose
          ON whose.kind = 'contact' AND whose.record_id = conversations.contact_id AND whose.instance = :instance
      SQL

      LABELLED = <<~SQL.squish
        EXISTS (SELECT 1 FROM unnest(string_to_array(lower(conversations.cached_label_list), ',')) label
          WHERE btrim(label) IN (:labels))
        AND NOT EXISTS (SELECT 1 FROM taggings JOIN tags ON tags.id = taggings.tag_id
          WHERE taggings.taggable_type = 'Contact' AND taggings.taggable_id = conversations.contact_id
            AND taggings.context = 'labels' AND lower(tags.name) IN (:labels))
      SQL
      private_constant :NOTED, :LED, :UNSEEN, :JOINED, :LABELLED

      # What each setting of a stage waits for.
      RULES = { "stage_on_first_response" => "conversations.first_reply_created_at IS NOT NULL",
                "stage_on_conversation_resolved" => "conversations.status = 1" }.freeze
      private_constant :RULES

      READ = %w[sync_conversations lead_policy lead_labels lead_inboxes stage_progression_enabled].freeze
      private_constant :READ

      # @param hook [Integrations::Hook]
      # @raise [ConfigurationError] where a setting cannot be read
      def initialize(hook)
        @hook = hook
        @read = Settings.read(hook.settings.to_h.slice(*READ, *RULES.keys))
      end

      # @param talks [ActiveRecord::Relation<Conversation>]
      # @return [Hash{Symbol => Integer}] conversations, of which Krayin knows nothing; of them notes that are to be
      #   written, leads of their own, looks at a lead that a rule may move, and moves; contacts who get a lead by one
      def count(talks)
        row = talks.joins(bound(JOINED)).pick(*counted.values.map { |sql| ::Arel.sql(sql) })
        counted.keys.zip(row).to_h
      end

      private

      def counted
        @counted ||= { conversations: many(missing), notes: many(notes? && NOTED), leads: many(leads? && LED),
                       looks: many(rules), moves: leads? ? many(rules) : of_contacts(rules),
                       led: of_contacts(leading) }
      end

      def many(condition) = condition ? "count(*) FILTER (WHERE #{condition})" : "0"

      def of_contacts(condition)
        condition ? "count(DISTINCT conversations.contact_id) FILTER (WHERE #{condition})" : "0"
      end

      def missing
        return NOTED if notes?

        leads? ? LED : UNSEEN
      end

      def notes? = @read["sync_conversations"] == true

      def leads? = @read["lead_policy"] == "per_conversation"

      def rules
        return if @read["lead_policy"] == "never"

        due = RULES.filter_map { |setting, sql| sql if @read[setting].present? } if @read["stage_progression_enabled"]
        "#{UNSEEN} AND (#{due.join(" OR ")})" if due.present?
      end

      # That make a lead of a contact who has none.
      def leading
        of = { "on_label" => labelled, "by_inbox" => of_inboxes }[@read["lead_policy"]]
        of && "whose.lead_id IS NULL AND #{of}"
      end

      def named(list) = @read[list].to_a.map { |name| name.to_s.strip.downcase }

      def labelled
        labels = named("lead_labels")
        bound(LABELLED, labels: labels) if labels.any?
      end

      def of_inboxes
        names = named("lead_inboxes")
        there = ::Inbox.where(account_id: @hook.account_id).pluck(:id, :name)
        ids = there.filter_map { |id, name| id if names.intersect?([id.to_s, name.to_s.strip.downcase]) }
        "conversations.inbox_id IN (#{ids.join(", ")})" if ids.any?
      end

      def bound(sql, **values)
        values = { instance: HookSettings.instance(@hook), **values }.select { |name, _| sql.include?(":#{name}") }
        ::ActiveRecord::Base.sanitize_sql_array([sql, values])
      end
    end
  end
end
