# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What is said of a lead where its contact is spoken with: a line of the conversation that was active last, in the
    # account's language. It is written in the transaction that keeps what it tells of, so it comes once or not at all.
    class LeadLine
      include Opaque

      WORDS = {
        changed: { "en" => "%<name>s was changed in Krayin meanwhile: it is %<now>s.",
                   "pt" => "%<name>s foi mudado no Krayin nesse meio-tempo: é %<now>s.",
                   "es" => "%<name>s se cambió en Krayin mientras tanto: es %<now>s." },
        unknown: { "en" => "%<name>s: the lead's pipeline has no such stage. It is %<now>s.",
                   "pt" => "%<name>s: o funil do lead não tem essa etapa. É %<now>s.",
                   "es" => "%<name>s: el embudo del lead no tiene esa etapa. Es %<now>s." },
        no_amount: { "en" => "%<name>s: an amount has digits, with a point before up to four decimals. It is %<now>s.",
                     "pt" => "%<name>s: um valor tem dígitos, com um ponto antes de até quatro decimais. É %<now>s.",
                     "es" => "%<name>s: un importe tiene dígitos, con un punto antes de hasta cuatro decimales. " \
                             "Es %<now>s." },
        no_day: { "en" => "%<name>s: that is no date. It is %<now>s.",
                  "pt" => "%<name>s: isso não é uma data. É %<now>s.",
                  "es" => "%<name>s: eso no es una fecha. Es %<now>s." },
        nobody: { "en" => "%<name>s: Krayin has no such user. It is %<now>s.",
                  "pt" => "%<name>s: o Krayin não tem esse usuário. É %<now>s.",
                  "es" => "%<name>s: Krayin no tiene ese usuario. Es %<now>s." },
        several: { "en" => "%<name>s: Krayin has several users of that name; an e-mail address tells which. " \
                           "It is %<now>s.",
                   "pt" => "%<name>s: o Krayin tem vários usuários com esse nome; um e-mail diz qual. É %<now>s.",
                   "es" => "%<name>s: Krayin tiene varios usuarios con ese nombre; un correo dice cuál. Es %<now>s." },
        refused: { "en" => "%<name>s: Krayin did not take it. It is %<now>s.",
                   "pt" => "%<name>s: o Krayin não aceitou. É %<now>s.",
                   "es" => "%<name>s: Krayin no lo aceptó. Es %<now>s." },
        at_stake: { "en" => "%<name>s: to write it would take other values away in Krayin. It is %<now>s.",
                    "pt" => "%<name>s: gravar isso tiraria outros valores no Krayin. É %<now>s.",
                    "es" => "%<name>s: guardarlo quitaría otros valores en Krayin. Es %<now>s." },
        kept_out: { "en" => "%<name>s: the contact is kept out of Krayin. It is %<now>s.",
                    "pt" => "%<name>s: o contato é mantido fora do Krayin. É %<now>s.",
                    "es" => "%<name>s: el contacto se mantiene fuera de Krayin. Es %<now>s." },
        doubted: { "en" => "%<name>s: it is not certain whose person in Krayin this is. It is %<now>s.",
                   "pt" => "%<name>s: não é certo de quem é esta pessoa no Krayin. É %<now>s.",
                   "es" => "%<name>s: no es seguro de quién es esta persona en Krayin. Es %<now>s." },
        person_gone: { "en" => "%<name>s: the person is no longer in Krayin.",
                       "pt" => "%<name>s: a pessoa não está mais no Krayin.",
                       "es" => "%<name>s: la persona ya no está en Krayin." },
        gone: { "en" => "%<name>s: the lead is no longer in Krayin.",
                "pt" => "%<name>s: o lead não está mais no Krayin.",
                "es" => "%<name>s: el lead ya no está en Krayin." },
        moved: { "en" => "A colleague moved the lead to %<now>s in Krayin.",
                 "pt" => "Alguém da equipe moveu o lead para %<now>s no Krayin.",
                 "es" => "Alguien del equipo movió el lead a %<now>s en Krayin." },
        moved_by: { "en" => "%<by>s moved the lead to %<now>s in Krayin.",
                    "pt" => "%<by>s moveu o lead para %<now>s no Krayin.",
                    "es" => "%<by>s movió el lead a %<now>s en Krayin." },
        moved_by_rule: { "en" => "A rule for stages moved the lead to %<now>s in Krayin.",
                         "pt" => "Uma regra de etapas moveu o lead para %<now>s no Krayin.",
                         "es" => "Una regla de etapas movió el lead a %<now>s en Krayin." }
      }.freeze
      # Chatwoot's pages show a line as HTML: what would begin a tag there.
      TAG = %r{<(?=[a-z/!?])}i
      # Characters of what somebody has written.
      LONGEST = 200
      private_constant :WORDS, :TAG, :LONGEST

      # @param hook [Integrations::Hook]
      # @param contact_id [Integer]
      def initialize(hook, contact_id)
        @hook = hook
        @contact_id = contact_id
      end

      # @param told [Array<Array(Symbol, String)>] a word, and the key of the attribute that it is about
      # @param now [Hash{String => Object}] what the lead has, by key
      # @param by [String, nil] who did it, where that is told
      # @return [void]
      def say(told, now, by: nil)
        return if told.empty? || talk.nil?

        told.each do |word, key|
          write(WORDS.fetch(word).fetch(language), name: name(key), now: now[key].nil? ? "–" : now[key], by: by)
        end
      end

      # @return [Boolean] whether there is a conversation to say it in
      def heard? = !talk.nil?

      # @param words [Hash{String => String}] by language
      # @param name [Hash{String => String}] likewise, what it is about
      # @return [void]
      def say_of(words, name, now)
        write(words.fetch(language), name: name.fetch(language), now: now) if talk
      end

      private

      def talk
        @talk ||= ::Conversation.unscoped.where(contact_id: @contact_id).order(last_activity_at: :desc).first
      end

      def name(key)
        own = LeadAttributes::ALL.find { |attribute| attribute.key == key }
        return own.labels.fetch(language) if own

        MappedField.of(@hook.settings.to_h).find { |field| field.key == key }&.name || key
      end

      def language = @language ||= HookSettings.language(@hook)

      # What people wrote, visitors among them, is nothing but text there.
      def plain(value)
        text = value.to_s.scrub("").squish
        text = "#{text[0, LONGEST]}…" if text.length > LONGEST
        text.gsub(TAG, "‹")
      end

      # A line that Chatwoot does not take keeps nothing else from being kept.
      def write(words, **placed)
        content = format(words, placed.transform_values { |value| plain(value) })
        Intake.guard("a line was not written") do
          ::Message.transaction(requires_new: true) do
            talk.messages.create!(account_id: talk.account_id, inbox_id: talk.inbox_id, message_type: :activity,
                                  content: content)
          end
        end
      end
    end
  end
end
