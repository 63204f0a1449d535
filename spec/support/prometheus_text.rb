# frozen_string_literal: true

require "English"
require "json"
require "open3"

# Prometheus' text format: read by its grammar, and by Prometheus' own Python library where that is there.
module PrometheusText
  PYTHON = "/usr/bin/python3"
  SCRIPT = <<~PYTHON
    import json, math, sys
    from prometheus_client.parser import text_string_to_metric_families as families
    print(json.dumps([[sample.name, sample.labels, repr(sample.value), family.type]
                      for family in families(sys.stdin.read()) for sample in family.samples]))
  PYTHON

  class << self
    # @return [Hash{Array(String, Hash) => Float}] number by name and labels
    # @raise [RuntimeError] where a line is none of the format
    def read(text)
      read = by_grammar(text)
      return read unless library?

      theirs = by_library(text)
      raise "the library reads #{theirs}, we #{read}" unless theirs == read

      read
    end

    def library?
      return @library unless @library.nil?

      @library = File.executable?(PYTHON) &&
                 Open3.capture2e(PYTHON, "-c", "import prometheus_client.parser").last.success?
    end

    private

    def by_grammar(text)
      types = {}
      text.each_line.with_object({}) do |line, read|
        case line
        when /\A# HELP ([a-z_]+) \S.*\n\z/ then raise "twice: #{line}" if types.key?($LAST_MATCH_INFO[1])
        when /\A# TYPE ([a-z_]+) (counter|gauge|histogram)\n\z/ then types[$LAST_MATCH_INFO[1]] = $LAST_MATCH_INFO[2]
        when /\A([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)+\})? ([-+]?(?:\d\S*|Inf)|NaN)\n\z/
          add(read, types, *$LAST_MATCH_INFO.captures)
        else raise "no line of Prometheus: #{line}"
        end
      end
    end

    def add(read, types, name, labels, number)
      raise "no type: #{name}" unless types.key?(name) || types.key?(name.sub(/_(bucket|sum|count)\z/, ""))

      pairs = labels.to_s.scan(/([a-z_]+)="((?:[^"\\\n]|\\[\\"n])*)"/).to_h
      pairs.transform_values! { |value| value.gsub(/\\(.)/) { |both| { "\\n" => "\n" }.fetch(both, both[1]) } }
      raise "twice: #{name} #{pairs}" if read.key?([name, pairs])

      read[[name, pairs]] = float(number)
    end

    def float(number)
      { "+Inf" => Float::INFINITY, "inf" => Float::INFINITY, "-Inf" => -Float::INFINITY, "-inf" => -Float::INFINITY }
        .fetch(number) { number.casecmp?("nan") ? :nan : Float(number) }
    end

    def by_library(text)
      output, status = Open3.capture2e(PYTHON, "-c", SCRIPT, stdin_data: text)
      raise output unless status.success?

      JSON.parse(output).to_h { |name, labels, number, _| [[name, labels], float(number)] }
    end
  end
end
