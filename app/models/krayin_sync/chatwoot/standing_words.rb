# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # How a connection stands, for people: what keeps it from working, or that it works and what to know of it.
    class StandingWords
      include Opaque

      # Inboxes that a sentence lists.
      MOST = 12
      private_constant :MOST

      # @param hook [Integrations::Hook]
      # @param named [Boolean] whether it is one of several
      # @return [String] in the hook's language
      def self.of(hook, named: false)
        [("#{HookSettings.name(hook.settings)}:" if named), *new(hook).sentences].compact.join(" ")
      end

      # @param hook [Integrations::Hook]
      def initialize(hook)
        @hook = hook
        @settings = hook.settings.to_h
      end

      # @return [Array<String>]
      def sentences
        error, since = @settings.values_at("setup_error", "setup_error_at")
        return [since && "(#{since.to_s.tr("TZ", " ").strip} UTC)", error].compact if error && !@hook.disabled?

        [*reasons.map { |reason| reason.sentence(HookSettings.locale(@settings)) }, warnings].compact
      end

      private

      def warnings = (@settings[SetupWarnings::KEY] unless @hook.disabled?)

      def reasons
        return [Reason.new("hook_disabled")] if @hook.disabled?
        return [Reason.new("set_up_waits")] unless @settings["traits"]

        works = Reason.new("connection_works", **{ pipeline: @settings["default_pipeline_name"] }.compact)
        [works, refused_tokens, yes_no_at_stake, *gone_inboxes].compact
      end

      def refused_tokens
        refused = HookSettings.refused_tokens(@hook)
        Reason.new("tokens_refused", places: refused) if refused.any?
      end

      # Inboxes that it is for and that are there no more.
      def gone_inboxes
        route = Route.of(@settings)
        return [] if route.inboxes.empty?

        there = ::Inbox.where(account_id: @hook.account_id).pluck(:id, :name)
        gone = route.inboxes - there.map(&:first)
        Route.list(@settings["route_inboxes"]).select { |text| gone.include?(Route.id_of(text)) }
             .map { |text| Reason.new("inbox_unknown", entered: text, known: there.map(&:last).first(MOST)) }
      end

      # What the administrator chooses by on_yes_no, where Krayin has any such attributes.
      def yes_no_at_stake
        known = @settings.dig("traits", "attributes").to_a.select { |row| row["type"] == "boolean" }
        return if known.empty?

        names = known.map { |row| "#{row["entity_type"]}.#{row["code"]}" }
        Reason.new("yes_no_at_stake", attributes: names, choice: @settings["on_yes_no"].presence || "carry")
      end
    end
  end
end
