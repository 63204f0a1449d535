# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What an installation decides, for all its accounts. `rails g krayin_sync:install` writes an initializer with each.
    class Configuration
      # @return [String] the Sidekiq queue of the sync's jobs; one that no process serves gets threads of its own
      attr_accessor :queue
      # @return [Integer] how many those are, a process
      attr_accessor :concurrency
      # @return [Numeric] seconds that one call to Krayin may take with all its attempts
      attr_accessor :deadline
      # @return [Numeric] seconds that one attempt may take
      attr_accessor :attempt_timeout
      # @return [Numeric] seconds after which a message is read: some channels attach its files a moment later
      attr_accessor :message_delay
      # @return [Numeric] seconds after which a job that never ran, or never ended, counts as lost
      attr_accessor :lost_after
      # @return [String, nil] when the sweep runs, where sidekiq-cron is there; nil for never
      attr_accessor :sweep_schedule
      # @return [Numeric] seconds that a scheduled sweep looks back
      attr_accessor :sweep_window

      def initialize
        @queue = "krayin_sync"
        @concurrency = 3
        @deadline = 15
        @attempt_timeout = 10
        @message_delay = 2
        @lost_after = 600
        @sweep_schedule = "*/15 * * * *"
        @sweep_window = 7200
      end
    end

    class << self
      def configuration = @configuration ||= Configuration.new

      # @yieldparam configuration [Configuration]
      def configure = yield(configuration)
    end
  end
end
