# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What field_mapping would do with an account's last contacts. Nothing is written, and no value is told.
    class MappingCheck
      include Opaque

      MOST = 50
      # Of the contacts whose value does not fit, so many are named.
      NAMED = 5

      # @param hook [Integrations::Hook]
      def initialize(hook)
        @hook = hook
        @settings = SettingsJson.of(hook.settings.to_h)
        @sources = Settings.sources(hook.settings)
        @maps_conversations = Settings.maps_conversations?(hook.settings)
      end

      # @return [Array<Hash{Symbol => Object}>] attribute, source, and the contacts' ids by filled, blank, wrong and
      #   unusable; problem where it is unusable
      def rows
        told = contacts.flat_map { |id| preview(id).map { |row| row.merge(contact: id) } }
        told.group_by { |row| row.values_at(:attribute, :source) }.map do |(attribute, source), rows|
          { attribute: attribute, source: source, problem: rows.filter_map { |row| row[:problem] }.first,
            **rows.group_by { |row| row[:state].to_sym }.transform_values { |of| of.map { |row| row[:contact] } } }
        end
      end

      # @return [Array<String>]
      def lines
        return ["  field_mapping is empty."] if @hook.settings["field_mapping"].blank?

        found = rows
        return ["  There are no contacts."] if found.empty?

        found.map { |row| "  #{row[:attribute]} = #{row[:source]}: #{words(row)}" }
      end

      private

      def words(row)
        return Reason.of(row[:problem]).sentence(HookSettings.locale(@hook.settings)) if row[:problem]

        counts = %i[filled blank wrong].map { |state| "#{row[state].to_a.size} #{state}" }
        wrong = row[:wrong].to_a
        named = " (contacts #{wrong.first(NAMED).join(", ")}#{", …" if wrong.size > NAMED})" if wrong.any?
        "#{counts.join(", ")}#{named}"
      end

      def contacts
        ::Contact.unscoped.where(account_id: @hook.account_id).order(id: :desc).limit(MOST).ids
      end

      # With the contact's last conversation, where that is mapped.
      def preview(id)
        talk = last_conversation(id) if @maps_conversations
        kind, record = talk ? ["conversation", talk] : ["contact", id]
        records = LinkStore.new(instance: HookSettings.instance(@hook))
        data = EventData.read(kind, record, records, labels: true, sources: @sources)
        return [] unless data

        JSON.parse(Native.preview_mapping("#{kind}.updated", KrayinSync::Snapshot.event(data), @settings),
                   symbolize_names: true)
      end

      def last_conversation(id)
        ::Conversation.unscoped.where(contact_id: id).order(id: :desc).limit(1).ids.first
      end
    end
  end
end
