# frozen_string_literal: true

require_relative "metrics/exposition"
require_relative "metrics/endpoint"

module KrayinSync
  # Counts what the sync does, for Prometheus: requests, how long they took, retries, events, and the server's budget.
  #
  # Counts stay in the process until {FLUSH} seconds have passed, and go then, all in one call, into the Redis that the
  # processes of the installation share; without a Redis they stay here. What a killed process counted since is lost.
  #
  #   KrayinSync.metrics = KrayinSync::Metrics.new { |command| Sidekiq.redis { |redis| redis.call(*command) } }
  #   KrayinSync.metrics.to_prometheus # => "# HELP krayin_sync_requests_total ..."
  class Metrics
    include Opaque

    # Seconds for which counts may stay in a process.
    FLUSH = 10
    # Seconds after which a budget that nobody has told anew is not told any more: a window of it is a minute.
    STALE = 300
    # Seconds: the upper bounds of the histogram.
    BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30].freeze

    # The histogram's own fields.
    BOUNDS = [*BUCKETS, "+Inf"].map { |le| JSON.generate(["request_duration_seconds_bucket", { le: le.to_s }]).freeze }
                               .freeze
    private_constant :BOUNDS

    # Names that are remembered; more are forgotten at once.
    FIELDS = 1000
    private_constant :FIELDS

    # All at once, so that no other process's counts come between.
    ADD = <<~LUA
      for n = 1, #ARGV, 3 do
        if ARGV[n] == '+' then redis.call('HINCRBYFLOAT', KEYS[1], ARGV[n + 1], ARGV[n + 2])
        else redis.call('HSET', KEYS[1], ARGV[n + 1], ARGV[n + 2]) end
      end
    LUA
    private_constant :ADD

    # By field: what is added up, and what was told last.
    Gathered = Struct.new(:counts, :told) do
      def empty? = counts.empty? && told.empty?

      # @param earlier [Gathered] that could not be brought
      def take_back(earlier)
        earlier.counts.each { |field, count| counts[field] += count }
        self.told = earlier.told.merge(told)
      end
    end
    private_constant :Gathered

    # @return [Hash{String => Array(String, String)}] each metric's type, and what it counts
    def self.families = Exposition::FAMILIES.transform_keys { |name| "#{Exposition::PREFIX}#{name}" }

    # @param key [String] the Redis hash that they are kept in
    # @param gauges [#call, nil] what is read when it is asked for: a list of [name, labels, number]
    # @yieldparam command [Array<String>] one Redis command, whose reply the block returns
    def initialize(key: "krayin_sync:metrics", gauges: nil, &execute)
      @key = key
      @gauges = gauges
      @execute = execute
      @fields = {}
      @buffer = Buffer.new(FLUSH, -> { flush }) { Gathered.new(Hash.new(0), {}) }
    end

    # An attempt has ended.
    # @param attempt [Hash{Symbol => Object}] as `request.krayin_sync` tells it
    # @param connection [String, nil] of which server and token; neither can be read from it
    # @return [void]
    def request(attempt, connection = nil)
      seconds = attempt[:duration_ms] / 1000.0
      outcome = attempt[:code] || "ok"
      record do |gathered|
        add(gathered, "requests_total", { method: attempt[:method], outcome: outcome })
        add(gathered, "retries_total", { method: attempt[:method] }) if attempt[:attempt].to_i > 1
        time(gathered, seconds)
        tell_budget(gathered, attempt, connection) if connection && attempt[:limit]
      end
    end

    # An event has ended.
    # @param payload [Hash{Symbol => Object}] as `perform.krayin_sync` tells it
    # @return [void]
    def event(payload)
      error = payload[:exception_object]
      return if error.nil? && payload.dig(:outcome, :status) == "put_off"

      outcome = payload.dig(:outcome, :status) || (error.is_a?(Error) ? error.reason.code : "interrupted")
      record { |gathered| add(gathered, "events_total", { event: payload[:event], outcome: outcome }) }
    end

    # Brings what this process has counted to Redis; a Redis that is away gets it the next time. Without one it stays.
    # @return [void]
    def flush
      return unless @execute

      gathered = @buffer.take
      return if gathered.empty? || send_all(gathered)

      record { |later| later.take_back(gathered) }
    end

    # @return [String] Prometheus' text format, version 0.0.4
    def to_prometheus = Exposition.of(read)

    # @return [Array<Array(String, Hash, Numeric)>] name, labels and number of each
    def read
      flush
      kept.filter_map { |field, number| sample(field, number) } + @gauges&.call.to_a
    end

    # @param connection [String] as attempts have it
    # @return [Hash{String => Integer}] what its Krayin last said of the token's budget, `limit` and `remaining`; empty
    #   where it said nothing of late
    def budget(connection)
      flush
      %w[limit remaining].filter_map do |part|
        name = field("budget_#{part}", { connection: connection })
        told = kept_of(name)
        told && (found = sample(name, told)) && [part, found.last.to_i]
      end.to_h
    end

    private

    def record(&) = @buffer.use(goes: !@execute.nil?, &)

    def add(gathered, name, labels, by = 1) = gathered.counts[field(name, labels)] += by

    def time(gathered, seconds)
      BUCKETS.each_with_index { |most, index| gathered.counts[BOUNDS[index]] += 1 if seconds <= most }
      gathered.counts[BOUNDS.last] += 1
      add(gathered, "request_duration_seconds_sum", {}, seconds)
      add(gathered, "request_duration_seconds_count", {})
    end

    def tell_budget(gathered, attempt, connection)
      %i[limit remaining].each do |part|
        gathered.told[field("budget_#{part}", { connection: connection })] = "#{attempt[part]} #{Time.now.to_i}"
      end
    end

    # The names come again with each request; what they are made of is little: methods, outcomes, events, connections.
    def field(name, labels)
      @fields.clear if @fields.size > FIELDS
      @fields[[name, labels]] ||= JSON.generate([name, labels]).freeze
    end

    def send_all(gathered)
      fields = gathered.counts.flat_map { |field, count| ["+", field, count.to_s] }
      fields += gathered.told.flat_map { |field, told| ["=", field, told] }
      @execute.call(["EVAL", ADD, "1", @key, *fields])
      true
    rescue StandardError
      false
    end

    def kept
      return @buffer.use { |gathered| gathered.counts.merge(gathered.told) } unless @execute

      found = @execute.call(["HGETALL", @key])
      found.is_a?(Hash) ? found : found.each_slice(2).to_h
    end

    def kept_of(field)
      @execute ? @execute.call(["HGET", @key, field]) : @buffer.use { |gathered| gathered.told[field] }
    end

    def sample(field, number)
      name, labels = JSON.parse(field)
      number, at = number.to_s.split
      [name, labels, Float(number)] unless at && at.to_i < Time.now.to_i - STALE
    end
  end
end
