# frozen_string_literal: true

# What a person reads as the demo runs.
class Report
  COLUMNS = %w[person e-mail phone organization lead stage value].freeze
  WIDEST = 26
  PLACEHOLDER = /\Achatwoot-\h{12}/

  def initialize(out)
    @out = out
    @out.sync = true
  end

  def say(*lines) = @out.puts(*lines)

  def heading = line("#", "event", "contact", "requests", "what happened")

  def event(number, event, requests, happened)
    line(number, event["event"], name(contact(event["data"])), requests.zero? ? "-" : requests, happened)
  end

  # `records` as the simulator tells them, `stages` {1 => "New"}
  def table(records, stages)
    rows = [COLUMNS, *records.fetch("persons").map { |person| row(person, records, stages) }]
    rows = rows.map { |row| row.map { |cell| cut(cell.to_s, WIDEST) } }
    widths = rows.transpose.map { |cells| cells.map { |cell| width(cell) }.max }
    rows.each { |row| say "  #{row.zip(widths).map { |cell, wide| pad(cell, wide) }.join("  ")}".rstrip }
    return if rows.flatten.grep(PLACEHOLDER).empty?

    say "  (chatwoot-… stands where this Krayin demands an e-mail address or a phone and the contact has none.)"
  end

  private

  def line(number, event, contact, requests, happened)
    say [
      number.to_s.rjust(3), pad(event, 15), pad(cut(contact, WIDEST), WIDEST), requests.to_s.rjust(8), cut(happened, 64)
    ].join("  ")
  end

  def contact(data)
    found = data["contact"] || data.dig("conversation", "contact") || data.dig("message", "conversation", "contact")
    found.to_h
  end

  def name(contact)
    contact.values_at("name", "middle_name", "last_name").map(&:to_s).reject(&:empty?).join(" ")
  end

  def row(person, records, stages)
    lead = records.fetch("leads").find { |candidate| candidate["person_id"] == person["id"] }.to_h
    organization = records.fetch("organizations").find { |one| one["id"] == person["organization_id"] }.to_h
    [
      person["name"], first(person["emails"]), first(person["contact_numbers"]), organization["name"],
      lead["title"], stages[lead["lead_pipeline_stage_id"]], money(lead["lead_value"])
    ]
  end

  def money(value)
    value && format("%.2f", value)
  end

  def first(labelled)
    labelled&.first&.fetch("value")
  end

  # Columns that the text takes on a terminal.
  def width(text)
    text.each_char.sum do |char|
      case char
      when /\p{Mn}/ then 0
      when /[\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}\uff00-\uff60]/ then 2
      else 1
      end
    end
  end

  def pad(text, wide)
    text + (" " * [wide - width(text), 0].max)
  end

  def cut(text, wide)
    return text if width(text) <= wide

    text = text.chop while width(text) > wide - 1
    "#{text}…"
  end
end
