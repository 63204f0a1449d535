# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Of an account's several Krayins a contact shows one: whose lead it showed first, else whose person.
    module AmongSeveral
      # Whether the contact shows another one.
      # @param lead [Hash, nil] what there is to show here
      def others?(lead = nil)
        others = self.class.where(contact_id: contact_id).where.not(hook_id: hook_id)
                     .where(hook_id: ::Integrations::Hook.where(status: "enabled").select(:id)).to_a
        others.any?(&:lead_id) || (lead.to_h["id"].nil? && others.any?(&:anything?))
      end

      # @param contact [Contact] whose row is locked
      # @return [Symbol] as of {.touched}
      def leave(contact)
        clear_from(contact) if lead_id.nil? && anything?
        update!(lead_id: nil, shown: {}, read_at: Time.now.utc)
        :same
      end

      # Whether Krayin has any of it.
      def anything? = !shown.compact.empty?
    end
  end
end
