# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Brings to Krayin what agents want of a contact's lead: one request to see how it is now, one to move it. What
    # Krayin refuses, and what a colleague has changed meanwhile, is put back and told in the conversation.
    class LeadMove
      # What Krayin does not take, however often it is sent.
      REFUSED = [ValidationError, NotFoundError, ConflictError, BlockedError].freeze
      WORDS = {
        changed: { "en" => "%<name>s was changed in Krayin meanwhile: it is %<now>s.",
                   "pt" => "%<name>s foi mudado no Krayin nesse meio-tempo: é %<now>s.",
                   "es" => "%<name>s se cambió en Krayin mientras tanto: es %<now>s." },
        unknown: { "en" => "%<name>s: the lead's pipeline has no such stage. It is %<now>s.",
                   "pt" => "%<name>s: o funil do lead não tem essa etapa. É %<now>s.",
                   "es" => "%<name>s: el embudo del lead no tiene esa etapa. Es %<now>s." },
        refused: { "en" => "%<name>s: Krayin did not take it. It is %<now>s.",
                   "pt" => "%<name>s: o Krayin não aceitou. É %<now>s.",
                   "es" => "%<name>s: Krayin no lo aceptó. Es %<now>s." },
        gone: { "en" => "%<name>s: the lead is no longer in Krayin.",
                "pt" => "%<name>s: o lead não está mais no Krayin.",
                "es" => "%<name>s: el lead ya no está en Krayin." }
      }.freeze
      private_constant :WORDS

      # @param hook [Integrations::Hook]
      # @param contact_id [Integer]
      # @yield after each attempt
      def initialize(hook, contact_id, &)
        @hook = hook
        @settings = hook.settings.to_h
        @contact_id = contact_id
        @krayin = LeadReader.new(@settings, bulk: false, &)
      end

      # @return [Hash{Symbol => Object}, nil] how many requests it took; nothing where nobody wants anything
      # @raise [Error] where it is to be tried again
      def perform
        @shown = ShownLead.find_by(hook_id: @hook.id, contact_id: @contact_id)
        @wanted = @shown ? @shown.wanted : {}
        return if @wanted.empty?

        lead = @shown.lead_id && @krayin.lead(@shown.lead_id)
        lead ? settle(lead) : gone
        { status: "synced", requests: @krayin.requests }
      end

      private

      def settle(lead)
        found = LeadSettlement.of(@wanted, lead, @settings)
        lead, refused = carry_out(lead, found)
        conclude(lead, found.told + refused, found.held)
      end

      # @return [Array(Hash, Array)] the lead after it, and what Krayin refused
      def carry_out(lead, found)
        return [lead, []] unless found.move

        [@krayin.move(lead["id"], found.move["id"], reason: found.reason), []]
      rescue *REFUSED
        [lead, (@wanted.keys - found.held - found.told.map(&:last)).map { |key| [:refused, key] }]
      end

      def conclude(lead, told, held)
        ShownLead.settle(@hook, @contact_id, lead, done: @wanted.except(*held), held: held)
        tell(told, LeadAttributes.all_of(lead, @settings))
      end

      def gone
        ShownLead.settle(@hook, @contact_id, nil, done: @wanted)
        tell(@wanted.keys.map { |key| [:gone, key] }, {})
      end

      # Where the contact is spoken with, in the account's language.
      def tell(told, now)
        return if told.empty?

        talk = ::Conversation.unscoped.where(contact_id: @contact_id).order(last_activity_at: :desc).first
        return unless talk

        language = Reason.language(@hook.account.try(:locale) || HookSettings.locale(@settings))
        told.each do |word, key|
          name = LeadAttributes::ALL.find { |attribute| attribute.key == key }.labels.fetch(language)
          content = format(WORDS.fetch(word).fetch(language), name: name, now: now[key] || "–")
          talk.messages.create!(account_id: talk.account_id, inbox_id: talk.inbox_id, message_type: :activity,
                                content: content)
        end
      end
    end
  end
end
