# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What becomes of what agents want of a lead and of its person, by what the contact showed when they said so, and
    # what Krayin has now. A value that a colleague has changed meanwhile is the colleague's: nothing of either is
    # undone in silence.
    module LeadSettlement
      # What comes of it:
      # - move: the stage that the lead is to go to, where it is; with +reason+ where it is lost
      # - fields: what is to be written, by Krayin's own names
      # - keys: whose these are
      # - told: what the agents are to be told, as word and the attribute's key
      # - held: keys that wait for another one
      Settled = Struct.new(:move, :reason, :fields, :keys, :told, :held, keyword_init: true)

      class << self
        # @param wanted [Hash{String => Hash}] by key: value, and base, which the contact showed before
        # @param lead [Hash{String => Object}] as Krayin has it now
        # @param settings [Hash{String => Object}] a hook's
        # @param users [Array<Hash>] Krayin's, where somebody is to have the lead
        # @return [Settled]
        def of(wanted, lead, settings, users: [])
          settled = Settled.new(fields: {}, keys: {}, told: [], held: [])
          now = LeadAttributes.all_of(lead, settings)
          stage(settled, wanted["krayin_stage"], lead, now["krayin_stage"], settings)
          reason(settled, wanted["krayin_lost_reason"], lead, now["krayin_lost_reason"], settings)
          LeadAttributes::FIELDS.each { |key| field(settled, key, wanted[key], now[key], users) }
          fields = MappedField.of(settings).reject(&:person?)
          fields.each { |field| mapped(settled, field, wanted[field.key], lead) }
          settled
        end

        # The same of what is the person's own.
        # @param person [Hash{String => Object}] as Krayin has it now
        def of_person(wanted, person, settings)
          settled = Settled.new(fields: {}, keys: {}, told: [], held: [])
          record = LeadAttributes.without_lead(person)
          MappedField.of_persons(settings).each { |field| mapped(settled, field, wanted[field.key], record) }
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

        def field(settled, key, wish, now, users)
          return if wish.nil? || LeadWish.same?(key, wish["value"], now)
          return settled.told << [:changed, key] unless LeadWish.same?(key, wish["base"], now)

          name, value, word = written(key, wish["value"], users)
          return settled.told << [word, key] if word

          settled.fields[name] = value
          settled.keys[name] = key
        end

        def mapped(settled, field, wish, lead)
          return if wish.nil?
          return settled.told << [:refused, field.key] unless field.told?(lead)

          now = field.shown(lead)
          return if wish["value"] == now
          return settled.told << [:changed, field.key] unless wish["base"] == now

          value, word = field.written(wish["value"])
          return settled.told << [word, field.key] if word

          settled.fields[field.code] = value
          settled.keys[field.code] = field.key
        end

        # @return [Array(String, Object, Symbol)] Krayin's name of it and its value there; else why it cannot be
        def written(key, wanted, users)
          value = LeadWish.read(key, wanted)
          case key
          when "krayin_value"
            value ? ["lead_value", LeadWish.decimal(value)] : [nil, nil, :no_amount]
          when "krayin_closing_date"
            value || wanted.blank? ? ["expected_close_date", value] : [nil, nil, :no_day]
          when "krayin_owner"
            owners = LeadWish.owners(wanted, users)
            return ["user_id", owners.first] if owners.one?

            [nil, nil, owners.empty? ? :nobody : :several]
          end
        end

        def lost?(lead, settings) = LeadAttributes.stage_of(lead, settings)&.fetch("code", nil) == "lost"
      end
    end
  end
end
