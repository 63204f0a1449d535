# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What becomes of what agents want of a lead, by what the contact showed when they said so, and what Krayin has now.
    # A value that a colleague has changed meanwhile is the colleague's: nothing of either is undone in silence.
    module LeadSettlement
      # What comes of it:
      # - move: the stage that the lead is to go to, where it is; with +reason+ where it is lost
      # - told: what the agents are to be told, as word and the attribute's key
      # - held: keys that wait for another one
      Settled = Struct.new(:move, :reason, :told, :held, keyword_init: true)

      # What agents may set by now.
      KEYS = %w[krayin_stage krayin_lost_reason].freeze

      class << self
        # @param wanted [Hash{String => Hash}] by key: value, and base, which the contact showed before
        # @param lead [Hash{String => Object}] as Krayin has it now
        # @param settings [Hash{String => Object}] a hook's
        # @return [Settled]
        def of(wanted, lead, settings)
          settled = Settled.new(told: [], held: [])
          now = LeadAttributes.all_of(lead, settings)
          stage(settled, wanted["krayin_stage"], lead, now["krayin_stage"], settings)
          reason(settled, wanted["krayin_lost_reason"], lead, now["krayin_lost_reason"], settings)
          settled
        end

        private

        def stage(settled, wish, lead, now, settings)
          return if wish.nil? || wish["value"] == now
          return settled.told << [:changed, "krayin_stage"] unless wish["base"] == now

          to = LeadAttributes.stage_named(wish["value"], lead["lead_pipeline_id"], settings)
          to ? settled.move = to : settled.told << [:unknown, "krayin_stage"]
        end

        def reason(settled, wish, lead, now, settings)
          return if wish.nil? || wish["value"] == now

          lost = settled.move ? settled.move["code"] == "lost" : lost?(lead, settings)
          return settled.held << "krayin_lost_reason" unless lost
          return settled.told << [:changed, "krayin_lost_reason"] unless wish["base"] == now

          settled.move ||= LeadAttributes.stage_of(lead, settings)
          settled.reason = wish["value"]
        end

        def lost?(lead, settings) = LeadAttributes.stage_of(lead, settings)&.fetch("code", nil) == "lost"
      end
    end
  end
end
