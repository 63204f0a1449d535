# frozen_string_literal: true

class ContactInbox < ApplicationRecord
  belongs_to :contact
  belongs_to :inbox
  has_many :conversations

  validates :source_id, presence: true
  validates :source_id, format: { with: /\A\d{1,15}\z/ }, if: -> { inbox.channel_type == "Channel::Whatsapp" }
  validates :source_id, format: { with: /\A\+\d{1,15}\z/ }, if: -> { inbox.channel_type == "Channel::TwilioSms" }
end
