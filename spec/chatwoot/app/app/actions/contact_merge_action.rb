# frozen_string_literal: true

class ContactMergeAction
  ATTRIBUTES = %w[identifier name email phone_number additional_attributes custom_attributes].freeze

  def initialize(account:, base_contact:, mergee_contact:)
    @account = account
    @base = base_contact
    @mergee = mergee_contact
  end

  def perform
    ActiveRecord::Base.transaction do
      Conversation.where(contact_id: @mergee.id).update(contact_id: @base.id)
      Message.where(sender: @mergee).update(sender: @base)
      ContactInbox.where(contact_id: @mergee.id).update(contact_id: @base.id)
      base, mergee = [@base, @mergee].map { |contact| contact.attributes.slice(*ATTRIBUTES).compact_blank }
      @mergee.reload.destroy!
      Rails.configuration.dispatcher.dispatch("contact.merged", Time.zone.now, contact: @base, tokens: [])
      @base.update!(mergee.deep_merge(base))
    end
    @base
  end
end
