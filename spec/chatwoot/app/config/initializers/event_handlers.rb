# frozen_string_literal: true

Rails.application.config.to_prepare do
  Rails.configuration.dispatcher = Dispatcher.instance
  Rails.configuration.dispatcher.load_listeners
end
