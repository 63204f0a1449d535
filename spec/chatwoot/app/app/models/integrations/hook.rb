# frozen_string_literal: true

class Integrations::Hook < ApplicationRecord
  include Reauthorizable

  self.table_name = "integrations_hooks"

  attr_readonly :app_id, :account_id, :inbox_id, :hook_type
  before_validation { self.hook_type = app.params[:hook_type] if app }
  validates :account_id, :app_id, presence: true
  validate :validate_settings_json_schema, :ensure_feature_enabled
  validates :app_id, uniqueness: { scope: :account_id }, unless: lambda {
                                                                   app && app.params[:allow_multiple_hooks].present?
                                                                 }

  enum status: { disabled: 0, enabled: 1 }
  enum hook_type: { account: 0, inbox: 1 }

  belongs_to :account
  belongs_to :inbox, optional: true
  has_secure_token :access_token

  scope :account_hooks, -> { where(hook_type: "account") }

  def app = Integrations::App.find(id: app_id)

  def feature_allowed?
    flag = app && app.params[:feature_flag]
    flag.nil? || account.feature_enabled?(flag)
  end

  private

  def ensure_feature_enabled
    errors.add(:feature_flag, "Feature not enabled") unless feature_allowed?
  end

  def validate_settings_json_schema
    schema = app && app.params[:settings_json_schema]
    errors.add(:settings, ": Invalid settings data") unless schema.nil? || JsonSchemer.schema(schema).valid?(settings)
  end
end
