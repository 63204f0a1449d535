# frozen_string_literal: true

class SyncDispatcher < BaseDispatcher
  def dispatch(name, timestamp, data)
    event = Events::Base.new(name, timestamp, data)
    publish(event.method_name, event)
  end
end
