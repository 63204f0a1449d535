# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # That a lead stands elsewhere in Krayin than its contact shows it, said where the contact is spoken with, where the
    # settings want that.
    class MoveLine
      include Opaque

      STAGE = "krayin_stage"
      private_constant :STAGE

      # @param hook [Integrations::Hook]
      # @param shown [ShownLead]
      # @param lead [Hash{String => Object}, nil] as it is now
      def initialize(hook, shown, lead)
        @hook = hook
        @settings = hook.settings.to_h
        @shown = shown
        @lead = lead
      end

      # @param by [String, nil] who moved it, as Krayin calls them; a colleague where that is not known
      # @return [void]
      def say(by = nil)
        return unless due?

        word = by ? :moved_by : :moved
        word = :moved_by_rule if StageRuled.take(@hook.id, @shown.contact_id)
        line.say([[word, STAGE]], { STAGE => now }, by: by)
      end

      # @return [Boolean] whether there is a line that would say who it was
      def asks_who? = due? && !StageRuled.noted?(@hook.id, @shown.contact_id) && line.heard?

      private

      def line = @line ||= LeadLine.new(@hook, @shown.contact_id)

      # What an agent wants of its stage is answered by itself.
      def due?
        return false if @lead.nil? || @lead["id"] != @shown.lead_id || @shown.wanted.key?(STAGE)

        Settings.on?(@settings, "two_way_lines") && moved?
      end

      def moved?
        before = @shown.shown[STAGE]
        return false if before.nil? || now.nil? || before == now

        # Else the stage is called otherwise by now, and the lead may be in it still.
        LeadAttributes.stages(@settings).include?(before)
      end

      def now = @now ||= LeadAttributes.of(@lead, @settings)[STAGE]
    end
  end
end
