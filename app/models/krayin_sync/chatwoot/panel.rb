# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What an agent is shown of a conversation's contact in Krayin, from Chatwoot's own tables alone: whether it is
    # there or why not, and the lead as it was last seen.
    class Panel
      include Opaque

      # What an agent may have tried again: who is doubtful, and whom an administrator keeps out, is no agent's to say.
      RETRIED = %w[waiting skipped refused absent].freeze
      private_constant :RETRIED

      # @param conversation [Conversation] that its reader may see
      # @param connection [#to_s, nil] a hook's id; nothing where it is left to the panel
      # @raise [ActiveRecord::RecordNotFound] where the account has no such connection
      def initialize(conversation, connection: nil)
        @conversation = conversation
        @asked = connection.presence
      end

      # @return [Hash{Symbol => Object}] connections (id and name of each), connection (the one that is shown, with its
      #   state; nil where there is none), contact and conversation (see {LinkRow}), retry (whether it may be tried
      #   again), pipelines (with their stages), lead (what was last seen of it), acts (whether
      #   anything can be asked for), waiting (what was and is not done yet) and locale
      def to_h
        told = { connections: hooks.map { |one| { id: one.id, name: HookSettings.name(one.settings) } },
                 locale: ::I18n.locale, connection: nil }
        hook ? told.merge(shown) : told
      end

      # @return [Conversation]
      attr_reader :conversation

      # @return [Integrations::Hook, nil]
      def hook = @hook ||= @asked ? asked : chosen

      # @return [Contact, nil]
      def contact = @contact ||= ::Contact.unscoped.find_by(id: @conversation.contact_id)

      # @return [KrayinSync::Records::Link, nil]
      def link = @link ||= link_of("contact", @conversation.contact_id)

      # Has contact and conversation brought to Krayin now.
      # @return [void]
      # @raise [ArgumentError] where that is not an agent's to say
      def retry
        raise ArgumentError, row_of_contact[:reason].to_h.fetch(:sentence, "-") unless retry?

        care = LinkCare.new(hook)
        care.retry("contact", @conversation.contact_id)
        care.retry("conversation", @conversation.id) if Settings.on?(settings, "sync_conversations")
      end

      private

      def shown
        { connection: { id: hook.id, name: HookSettings.name(settings), state: Standing.new(hook).to_h[:state] },
          contact: row_of_contact, conversation: row("conversation", @conversation.id), retry: retry?,
          pipelines: PanelLead.pipelines(settings), lead: lead, acts: acts?,
          waiting: PanelAct.waiting(hook.id, @conversation.id).map(&:to_h) }
      end

      def settings = hook.settings.to_h

      # The document's server has none of the calls that this takes.
      def acts?
        return false if settings["api_dialect"] == "documented" || !PanelAct.table_exists?

        !link&.person_id.nil? && !link.unverified && !link.kept_out
      end

      def hooks = @hooks ||= HookSettings.hooks(@conversation.account_id).select(&:enabled?)

      def asked = hooks.find { |one| one.id.to_s == @asked.to_s } || raise(::ActiveRecord::RecordNotFound)

      # Whose Krayin has the contact, before others.
      def chosen
        return hooks.first if hooks.size < 2

        known = KrayinSync::Records::Link.where(kind: "contact", record_id: @conversation.contact_id)
        known = known.where.not(person_id: nil).pluck(:instance)
        hooks.find { |one| known.include?(HookSettings.instance(one)) } || hooks.first
      end

      def retry?
        row = row_of_contact
        RETRIED.include?(row[:state]) && !row[:kept_out] && !HookSettings.instance(hook).nil?
      end

      def row_of_contact = @row_of_contact ||= row("contact", @conversation.contact_id)

      def row(kind, id)
        link = kind == "contact" ? self.link : link_of(kind, id)
        who = contact ? contact.attributes.slice("name", "email", "phone_number") : {}
        number = @conversation.display_id unless kind == "contact"
        LinkRow.new(hook, { **link&.attributes.to_h, **who, "link_id" => link&.id, "kind" => kind, "record_id" => id,
                                                            "number" => number }).to_h
      end

      def link_of(kind, id)
        return unless HookSettings.instance(hook)

        LinkStore.of(hook, kind: kind, record_id: id).order(updated_at: :desc).first
      end

      def lead
        shown = ShownLead.find_by(hook_id: hook.id, contact_id: @conversation.contact_id) if ShownLead.table_exists?
        id = shown&.lead_id || link&.lead_id
        id && { id: id, page: KrayinPages.of(settings, "lead", id), read_at: shown&.read_at&.utc&.iso8601,
                **shown&.shown.to_h.transform_keys { |key| key.delete_prefix("krayin_").to_sym } }
      end
    end
  end
end
