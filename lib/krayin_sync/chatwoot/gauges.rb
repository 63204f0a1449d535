# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What the metrics tell of the moment: the queue, the journal of jobs, the links that are not in step, the breakers.
    # Read when they are asked for, from Sidekiq's Redis and the gem's own table alone.
    module Gauges
      class << self
        # @return [Array<Array(String, Hash, Numeric)>] name, labels and number of each
        def call = queue + journal + links + breakers

        private

        def queue
          queue = ::Sidekiq::Queue.new(Chatwoot.configuration.queue)
          [["queue_jobs", {}, queue.size], ["queue_latency_seconds", {}, queue.latency.round(3)]]
        end

        def journal = JobRegistry.sizes.map { |state, count| ["records", { state: state }, count] }

        # By the partial index on what is not in step: those that are in step are never counted.
        def links
          counts = KrayinSync::Records::Link.where.not(state: "synced").group(:state).count
          counts.map { |state, count| ["links", { state: state }, count] }
        rescue ::ActiveRecord::ActiveRecordError
          # The table is not there yet, or the database is away: the rest is told.
          []
        end

        def breakers
          Breaker.states.map { |connection, open| ["breaker_open", { connection: connection }, open ? 1 : 0] }
        end
      end
    end
  end
end
