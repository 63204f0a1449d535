# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What an installation decides, for all its accounts. `rails g krayin_sync:install` writes an initializer with each.
    class Configuration
      # @return [String] the Sidekiq queue of the sync's jobs
      attr_accessor :queue
      # @return [Numeric] seconds that one call to Krayin may take with all its attempts
      attr_accessor :deadline
      # @return [Numeric] seconds that one attempt may take
      attr_accessor :attempt_timeout
      # @return [Integer] requests that Krayin takes in {#rate_window} from one user
      attr_accessor :rate_limit
      # @return [Numeric] seconds
      attr_accessor :rate_window
      # @return [Integer] requests of a window that the sweep leaves to what happens now
      attr_accessor :bulk_reserve
      # @return [Numeric] seconds after which a message is read: some channels attach its files a moment later
      attr_accessor :message_delay
      # @return [Numeric] seconds after which a job that never ran, or never ended, counts as lost
      attr_accessor :lost_after
      # @return [String, nil] when the sweep runs, where sidekiq-cron is there; nil for never
      attr_accessor :sweep_schedule
      # @return [Numeric] seconds that a scheduled sweep looks back
      attr_accessor :sweep_window

      def initialize
        @queue = "medium"
        @deadline = 15
        @attempt_timeout = 10
        @rate_limit = 60
        @rate_window = 60
        @bulk_reserve = 20
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
