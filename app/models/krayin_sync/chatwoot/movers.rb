# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Who moved the leads that are about to be said to have moved. Only a lead's own timeline tells it, which is a
    # request each: where the settings want it, and a few a look, so that a thousand changes an hour stay within what
    # they may cost. Whoever is not known is a colleague.
    class Movers
      include Opaque

      # Of a look, and seconds since the one before that each of them takes: workflows' calls make looks come sooner.
      MOST = 4
      EACH = 7

      # @param hook [Integrations::Hook]
      # @param krayin [LeadReader]
      # @param since [Time, nil] the last look; nothing where there was none, or this is none
      def initialize(hook, krayin, since: nil)
        @hook = hook
        @krayin = krayin
        @known = {}
        @left = Settings.on?(hook.settings.to_h, "two_way_line_names") ? allowed(since) : 0
      end

      # @param contact_id [Integer] whose conversation is to say so
      # @param lead [Hash{String => Object}, nil] as it is now
      # @return [String, nil] as Krayin calls them
      def of(contact_id, lead)
        return if @left.zero? && @known.empty?

        shown = ShownLead.find_by(hook_id: @hook.id, contact_id: contact_id)
        return unless shown && MoveLine.new(@hook, shown, lead).asks_who?

        key = lead.values_at("id", "lead_pipeline_stage_id")
        @known[key] = ask(lead) unless @known.key?(key) || @left.zero?
        @known[key]
      end

      private

      def allowed(since) = since ? ((LeadLook.now - since) / EACH).floor.clamp(1, MOST) : MOST

      # A look is not kept waiting, and no line from being said, by a timeline that does not come.
      def ask(lead)
        @left -= 1
        stage = LeadAttributes.stage_of(lead, @hook.settings.to_h)
        stage && LeadTimeline.mover(@krayin.timeline(lead["id"]), stage)
      rescue ApiError
        @left = 0
        nil
      end
    end
  end
end
