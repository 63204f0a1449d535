# frozen_string_literal: true

class Message < ApplicationRecord
  belongs_to :account
  belongs_to :inbox
  belongs_to :conversation
  belongs_to :sender, polymorphic: true, optional: true
  has_many :attachments, dependent: :destroy

  enum message_type: { incoming: 0, outgoing: 1, activity: 2, template: 3 }
  enum content_type: {
    text: 0, input_text: 1, input_textarea: 2, input_email: 3, input_select: 4, cards: 5, form: 6, article: 7,
    incoming_email: 8, input_csat: 9, integrations: 10, sticker: 11, voice_call: 12
  }

  default_scope { order(created_at: :asc) }

  after_create_commit :tell_and_touch
  after_update_commit { dispatch("message.updated", message: self, previous_changes: previous_changes) }

  private

  def tell_and_touch
    conversation.open! if incoming? && (conversation.resolved? || conversation.snoozed?)
    conversation.update_columns(last_activity_at: created_at, updated_at: Time.current)
    dispatch("message.created", message: self, performed_by: nil)
    if outgoing? && !private? && sender.is_a?(User)
      first = conversation.first_reply_created_at.nil?
      conversation.update(waiting_since: nil, **(first ? { first_reply_created_at: created_at } : {}))
    elsif incoming? && conversation.waiting_since.blank?
      conversation.update(waiting_since: created_at)
    end
    sender.update(last_activity_at: Time.current) if sender.is_a?(Contact)
  end
end
