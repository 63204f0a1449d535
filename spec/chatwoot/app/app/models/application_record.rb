# frozen_string_literal: true

class ApplicationRecord < ActiveRecord::Base
  self.abstract_class = true

  private

  def dispatch(name, **data) = Rails.configuration.dispatcher.dispatch(name, Time.zone.now, data)
end
