# frozen_string_literal: true

class Account < ApplicationRecord
  CRM_INTEGRATION = 1

  has_many :hooks, class_name: "Integrations::Hook"
  has_many :contacts
  has_many :conversations
  has_many :inboxes

  after_create { self.class.connection.execute("CREATE SEQUENCE conv_dpid_seq_#{id}") }

  def feature_enabled?(name) = send("feature_#{name}?")
  def feature_crm_integration? = feature_flags.anybits?(CRM_INTEGRATION)
  def enable_features!(*) = update!(feature_flags: CRM_INTEGRATION)
end
