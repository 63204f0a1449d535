# frozen_string_literal: true

class Contact < ApplicationRecord
  belongs_to :account
  has_many :contact_inboxes, dependent: :destroy
  has_many :conversations

  before_validation { self.email = email.presence&.downcase }
  validates :email, uniqueness: { scope: :account_id }, allow_nil: true
  validates :phone_number, format: { with: /\A\+[1-9]\d{1,14}\z/ }, allow_blank: true

  attribute :label_list
  after_save :keep_labels, if: :label_list

  enum contact_type: { visitor: 0, lead: 1, customer: 2 }

  after_create_commit { dispatch("contact.created", contact: self) }
  after_update_commit { dispatch("contact.updated", contact: self, changed_attributes: previous_changes) }
  after_destroy_commit { dispatch("contact.deleted", contact_data: { id: id, account_id: account_id }) }

  private

  # As acts-as-taggable-on does.
  def keep_labels
    database = self.class.connection
    database.execute("DELETE FROM taggings WHERE taggable_type = 'Contact' AND taggable_id = #{id}")
    label_list.each do |name|
      tag = database.select_value("INSERT INTO tags (name) VALUES (#{database.quote(name)}) RETURNING id")
      database.execute("INSERT INTO taggings (tag_id, taggable_type, taggable_id, context) " \
                       "VALUES (#{tag}, 'Contact', #{id}, 'labels')")
    end
  end
end
