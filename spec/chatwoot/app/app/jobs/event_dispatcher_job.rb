# frozen_string_literal: true

class EventDispatcherJob < ApplicationJob
  queue_as :critical

  def perform(name, timestamp, data)
    Rails.configuration.dispatcher.async_dispatcher.publish_event(name, timestamp, data)
  end
end
