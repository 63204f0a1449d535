# frozen_string_literal: true

module KrayinSync
  class Metrics
    # Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/
    # @api private
    module Exposition
      PREFIX = "krayin_sync_"
      # Type and help of each family, in the order in which they are told.
      FAMILIES = {
        "requests_total" => ["counter", "HTTP attempts by method and outcome: ok, or an error's code."],
        "request_duration_seconds" => ["histogram", "How long HTTP attempts took."],
        "retries_total" => ["counter", "HTTP attempts after the first of their call."],
        "events_total" => ["counter", "Events by name and outcome: synced, skipped, or an error's code."],
        "budget_limit" => ["gauge", "Requests a minute that the server says it takes from the token's user."],
        "budget_remaining" => ["gauge", "Requests that the server said were left of them."],
        "queue_jobs" => ["gauge", "Jobs that wait in the queue."],
        "queue_latency_seconds" => ["gauge", "Since when the oldest of them waits."],
        "records" => ["gauge", "Records by what their job does: queued, running, failing, refused."],
        "links" => ["gauge", "Records that are not in Krayin as they are, by state."],
        "breaker_open" => ["gauge", "Whether jobs stay away from a Krayin that does not answer or refuses the token."]
      }.freeze

      class << self
        # @param samples [Array<Array(String, Hash, Numeric)>]
        # @return [String]
        def of(samples)
          by_family = samples.group_by { |name, *| family(name) }
          text = FAMILIES.filter_map { |name, about| block(name, about, by_family[name]) if by_family[name] }
          text.join
        end

        private

        def family(name) = FAMILIES.key?(name) ? name : name.sub(/_(?:bucket|sum|count)\z/, "")

        def block(name, (type, help), samples)
          lines = samples.sort_by { |sample, labels, _| order(sample, labels) }.map do |sample, labels, number|
            "#{PREFIX}#{sample}#{pairs(labels)} #{shown(number)}\n"
          end
          "# HELP #{PREFIX}#{name} #{help}\n# TYPE #{PREFIX}#{name} #{type}\n#{lines.join}"
        end

        # Buckets rise, then sum and count.
        def order(sample, labels)
          bound = labels["le"] || labels[:le]
          bound = bound == "+Inf" ? Float::INFINITY : bound.to_f
          [%w[_bucket _sum _count].index { |ending| sample.end_with?(ending) } || 0, bound, labels.to_s]
        end

        def pairs(labels)
          return "" if labels.empty?

          "{#{labels.map { |name, value| "#{name}=\"#{escaped(value.to_s)}\"" }.join(",")}}"
        end

        def escaped(value) = value.gsub("\\", "\\\\\\\\").gsub("\"", "\\\"").gsub("\n", "\\n")

        def shown(number)
          return { 1 => "+Inf", -1 => "-Inf" }.fetch(number.infinite?, "NaN") unless number.finite?

          number == number.to_i ? number.to_i.to_s : number.to_s
        end
      end
    end
    private_constant :Exposition
  end
end
