# frozen_string_literal: true

class Conversation < ApplicationRecord
  SHOWN = %w[
    team_id assignee_id assignee_agent_bot_id status snoozed_until custom_attributes label_list waiting_since
    first_reply_created_at priority
  ].freeze

  belongs_to :account
  belongs_to :inbox
  belongs_to :contact
  belongs_to :contact_inbox
  belongs_to :assignee, class_name: "User", optional: true
  belongs_to :team, optional: true
  has_many :messages

  attribute :label_list
  enum status: { open: 0, resolved: 1, pending: 2, snoozed: 3 }
  enum priority: { low: 0, medium: 1, high: 2, urgent: 3 }

  validates :additional_attributes, :custom_attributes, jsonb_attributes_length: true

  before_save { self.cached_label_list = label_list.join(", ") if label_list }
  before_create { self.waiting_since = Time.current }
  before_create { self.status = :resolved if contact.blocked? }
  after_create_commit { tell("conversation.created") }
  after_create_commit { self[:display_id] = self.class.where(id: id).pick(:display_id) }
  after_update_commit :tell_of_changes

  private

  # What changed is told with conversation.updated alone.
  def tell_of_changes
    changes = previous_changes
    update_column(:waiting_since, nil) if changes.key?("status") && resolved?
    tell("conversation.opened") if changes.key?("status") && open?
    tell("conversation.resolved") if changes.key?("status") && resolved?
    tell("conversation.status_changed") if changes.key?("status")
    tell("conversation.updated", changes) if changes.keys.intersect?(SHOWN)
  end

  def tell(name, changes = nil)
    dispatch(name, conversation: self, notifiable_assignee_change: false, changed_attributes: changes,
                   performed_by: nil)
  end
end
