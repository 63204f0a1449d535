# frozen_string_literal: true

class AsyncDispatcher < BaseDispatcher
  def dispatch(name, timestamp, data)
    EventDispatcherJob.perform_later(name, timestamp, data)
  end

  def publish_event(name, timestamp, data)
    event = Events::Base.new(name, timestamp, data)
    publish(event.method_name, event)
  end

  def listeners = [HookListener.instance]
end
