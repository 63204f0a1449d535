# frozen_string_literal: true

class BaseDispatcher
  def listeners = []

  def load_listeners = @subscribed = listeners

  def publish(method, event)
    @subscribed.each { |listener| listener.public_send(method, event) if listener.respond_to?(method) }
  end
end
