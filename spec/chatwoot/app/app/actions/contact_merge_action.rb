# frozen_string_literal: true

class ContactMergeAction
  ATTRIBUTES = %w[identifier name email phone_number additional_attributes custom_attributes].freeze

  def initialize(account:, base_contact:, mergee_contact:)
    @account = account
    @base_contact = base_contact
    @mergee_contact = mergee_contact
  end

  def perform
    ActiveRecord::Base.transaction do
      Conversation.where(contact_id: @mergee_contact.id).update(contact_id: @base_contact.id)
      Message.where(sender: @mergee_contact).update(sender: @base_contact)
      ContactInbox.where(contact_id: @mergee_contact.id).update(contact_id: @base_contact.id)
      both = [@base_contact, @mergee_contact]
      base, mergee = both.map { |contact| contact.attributes.slice(*ATTRIBUTES).compact_blank }
      @mergee_contact.reload.destroy!
      Rails.configuration.dispatcher.dispatch("contact.merged", Time.zone.now, contact: @base_contact, tokens: [])
      @base_contact.update!(mergee.deep_merge(base))
    end
    @base_contact
  end
end
