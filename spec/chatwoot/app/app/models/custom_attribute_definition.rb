# frozen_string_literal: true

class CustomAttributeDefinition < ApplicationRecord
  OF_CONTACTS = %w[name email phone_number identifier country_code city company_name created_at last_activity_at referer
                   blocked].freeze

  validates :attribute_display_name, :attribute_key, presence: true
  validates :attribute_key, uniqueness: { scope: %i[account_id attribute_model] },
                            format: { with: /\A[\p{L}\p{N}_.-]+\z/ }, exclusion: { in: OF_CONTACTS, on: :create }

  enum attribute_model: { conversation_attribute: 0, contact_attribute: 1, company_attribute: 2 }
  enum attribute_display_type: { text: 0, number: 1, currency: 2, percent: 3, link: 4, date: 5, list: 6, checkbox: 7 }

  belongs_to :account
end
