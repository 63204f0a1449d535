# frozen_string_literal: true

class Integrations::App
  attr_accessor :params

  def initialize(params)
    @params = params
  end

  def id = params[:id]
  def name = I18n.t("integration_apps.#{params[:i18n_key]}.name")
  def description = I18n.t("integration_apps.#{params[:i18n_key]}.description")
  def short_description = I18n.t("integration_apps.#{params[:i18n_key]}.short_description")
  def visible_properties = Array(params[:visible_properties])
  def active?(_account) = true

  def self.all = APPS_CONFIG.values.map { |app| new(app.with_indifferent_access) }
  def self.find(params) = all.detect { |app| app.id == params[:id] }
end
