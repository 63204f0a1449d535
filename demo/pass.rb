# frozen_string_literal: true

require "json"

# One pass over a file of events, one JSON object a line.
class Pass
  Figures = Struct.new(:events, :skipped, :failed, :broken, :requests, :free, keyword_init: true) do
    def good? = failed.zero? && broken.zero?
  end

  # Without a report only what went wrong is told.
  def initialize(file, hook:, records:, report: nil)
    @file = file
    @hook = hook
    @records = records
    @report = report
    @figures = Figures.new(**Figures.members.to_h { |member| [member, 0] })
  end

  def run
    File.foreach(@file, encoding: "UTF-8").with_index(1) do |text, number|
      next if text.strip.empty?

      line = read(text)
      if line
        send_event(line)
      else
        @figures.broken += 1
        warn "#{@file}:#{number}: not an event, left out"
      end
    end
    @figures
  end

  private

  # {"event" => "contact.created", "data" => {"contact" => {…}}}, or nil where the line is no such thing.
  def read(text)
    line = JSON.parse(text)
    line if line.is_a?(Hash) && line["event"].is_a?(String) && line["data"].is_a?(Hash)
  rescue JSON::ParserError
    nil
  end

  def send_event(line)
    @figures.events += 1
    outcome = KrayinSync::ProcessorService.new(
      inbox: nil, hook: @hook, records: @records, event_name: line["event"], event_data: line["data"]
    ).perform
    count(outcome)
    @report&.event(@figures.events, line, outcome[:requests], told(outcome))
  rescue StandardError => e
    @figures.failed += 1
    warn "event #{@figures.events}, #{line["event"]}: #{e.class}: #{e.message}"
    @report&.event(@figures.events, line, 0, "FAILED: #{e.message}")
  end

  def count(outcome)
    @figures.skipped += 1 if outcome[:status] == "skipped"
    @figures.free += 1 if outcome[:requests].zero?
    @figures.requests += outcome[:requests]
  end

  def told(outcome)
    done = %i[created updated].filter_map do |verb|
      things = outcome[verb].map { |thing| [thing, outcome[:ids][thing.to_sym]].compact.join(" ") }
      "#{verb} #{things.join(", ")}" unless things.empty?
    end
    done << "nothing to change" if done.empty? && outcome[:reasons].empty?
    [*done, *outcome[:reasons]].join("; ")
  end
end
