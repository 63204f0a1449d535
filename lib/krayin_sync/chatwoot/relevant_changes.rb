# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Which changes Krayin can see. Chatwoot tells of every save: of a contact at each message that it writes.
    module RelevantChanges
      CONTACT = %w[
        name middle_name last_name email phone_number identifier additional_attributes custom_attributes
        label_list
      ].freeze
      CONVERSATION = %w[
        status priority assignee_id team_id label_list cached_label_list custom_attributes first_reply_created_at
        contact_id
      ].freeze
      # Written by browsers and by this gem.
      UNSEEN = %w[external browser browser_language referer initiated_at created_at_ip updated_at_ip timezone].freeze

      class << self
        # @param changed [Hash{#to_s => Array}, nil] old and new value by attribute; nil where nobody knows
        # @param mapped [Array<MappedField>] custom attributes that are Krayin's own as well
        def contact?(changed, mapped = [])
          return true if changed.nil?

          changed.any? do |name, (before, after)|
            case name.to_s
            when "additional_attributes" then seen(before) != seen(after)
            # What is Krayin's own it need not hear.
            when "custom_attributes"
              LeadAttributes.without(before, mapped) != LeadAttributes.without(after, mapped)
            else CONTACT.include?(name.to_s)
            end
          end
        end

        def conversation?(changed)
          changed.nil? || changed.keys.any? { |name| CONVERSATION.include?(name.to_s) }
        end

        private

        def seen(attributes) = attributes.to_h.transform_keys(&:to_s).except(*UNSEEN)
      end
    end
  end
end
