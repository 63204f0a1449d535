# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A record and its link, as an administrator sees them.
    class LinkRow
      include Opaque

      TYPES = %w[person lead organization activity].freeze

      # @param hook [Integrations::Hook]
      # @param row [Hash{String => Object}] a row of {LinkList}'s
      def initialize(hook, row)
        @hook = hook
        @row = row
      end

      # @return [Hash{Symbol => Object}] kind, record_id, number (a conversation's), name, email, phone_number, page (in
      #   Chatwoot), state, reason (code and sentence), persons (whom a doubtful one may be), tries (that failed),
      #   tried_at, seen_at, kept_out, krayin (type, id and page of each record there)
      def to_h
        { kind: kind, record_id: @row["record_id"],
          **@row.slice("number", "name", "email", "phone_number").transform_keys(&:to_sym),
          page: page, state: state, reason: told, persons: persons, tries: @row["attempts"].to_i,
          tried_at: time("updated_at"), seen_at: time("seen_at"), kept_out: @row["kept_out"] == true, krayin: krayin }
      end

      private

      def kind = @row["kind"]

      def link? = !@row["link_id"].nil?

      def state = link? ? @row["state"] : "absent"

      def page
        return ChatwootPages.contact(@hook.account_id, @row["record_id"]) if kind == "contact"

        ChatwootPages.conversation(@hook.account_id, @row["number"]) if @row["number"]
      end

      def reason
        @reason ||=
          if link?
            @row["reason_code"] && Reason.of("code" => @row["reason_code"], "params" => params)
          else
            Reason.new(why_absent)
          end
      end

      def params = @row["reason_params"].then { |kept| kept.is_a?(String) ? JSON.parse(kept) : kept.to_h }

      def told
        reason && { code: reason.code, sentence: reason.sentence(::I18n.locale) }
      end

      # What no event has told yet.
      def why_absent
        return "hook_disabled" if @hook.disabled?
        return "conversations_off" if kind == "conversation" && !wanted?("sync_conversations")
        return "messages_off" if kind == "message" && !wanted?("sync_messages")

        unknown? ? "no_identity" : "not_in_krayin"
      end

      def wanted?(key) = Settings.on?(@hook.settings.to_h, key)

      def unknown?
        return false if @row["email"].present? || @row["phone_number"].present? || kind != "contact"

        !Reach.of(::Contact.unscoped.where(id: @row["record_id"]), @hook).exists?
      end

      def persons = state == "doubtful" ? Array(reason&.params&.dig("persons")).grep(Integer) : []

      def krayin
        TYPES.filter_map do |type|
          id = @row["#{type}_id"]
          id && { type: type, id: id, page: KrayinPages.of(@hook.settings.to_h, type, id) }
        end
      end

      def time(column)
        at = @row[column]
        at = ::Time.find_zone("UTC").parse(at) if at.is_a?(String)
        at&.utc&.iso8601
      end
    end
  end
end
