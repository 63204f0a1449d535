# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # That a lead stands elsewhere in Krayin than its contact shows it, said where the contact is spoken with, where the
    # settings want that.
    class MoveLine
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

      # @return [void]
      def say
        return unless due?

        word = StageRuled.take(@hook.id, @shown.contact_id) ? :moved_by_rule : :moved
        LeadLine.new(@hook, @shown.contact_id).say([[word, STAGE]], { STAGE => now })
      end

      private

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
