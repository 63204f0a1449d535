# frozen_string_literal: true

class Dispatcher
  include Singleton

  attr_reader :sync_dispatcher, :async_dispatcher

  def initialize
    @sync_dispatcher = SyncDispatcher.new
    @async_dispatcher = AsyncDispatcher.new
  end

  def dispatch(name, timestamp, data, _async = false) # rubocop:disable Style/OptionalBooleanParameter
    @sync_dispatcher.dispatch(name, timestamp, data)
    @async_dispatcher.dispatch(name, timestamp, data)
  end

  def load_listeners
    @sync_dispatcher.load_listeners
    @async_dispatcher.load_listeners
  end
end
