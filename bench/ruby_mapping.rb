# frozen_string_literal: true

require "cgi"
require "json"
require "time"

# The mapping of conversations and messages in plain Ruby: from a record's JSON to the activity's, the same fields, the
# same markdown, HTML as text, the same limits.
module RubyMapping
  CHANNELS = { "Channel::WebWidget" => "Web chat", "Channel::Email" => "E-mail",
               "Channel::Whatsapp" => "WhatsApp" }.freeze
  LIMIT = 65_535

  module_function

  def conversation(json, person_id)
    record = JSON.parse(json)
    facts = ["<b>#{CHANNELS.fetch(record["channel_type"], "Chat")} · #{escape(record["status"].capitalize)}</b>"]
    { "Inbox" => record["inbox_name"], "Assignee" => record["assignee_name"], "Team" => record["team_name"],
      "Priority" => record["priority"], "Labels" => Array(record["labels"]).join(", ") }.each do |name, value|
      facts << "#{name}: #{escape(value)}" unless value.to_s.empty?
    end
    (record["custom_attributes"] || {}).each { |key, value| facts << "#{escape(key)}: #{escape(value)}" }
    %w[created_at first_reply_created_at last_activity_at].each do |key|
      facts << "#{key}: #{shown(record[key])}" if record[key]
    end
    parts = latest(record["messages"]).map { |message| said(message) }
    comment = [facts.join("<br>"), *parts].join("<br><br>")
    JSON.generate(activity("Conversation ##{record["display_id"]}", comment, person_id, record))
  end

  def message(json, person_id)
    record = JSON.parse(json)
    comment = "#{said(record)}<br><br>#{escape(record.dig("conversation", "inbox_name"))}"
    JSON.generate(activity("Message from #{record.dig("sender", "name")}", comment, person_id, record))
  end

  def activity(title, comment, person_id, record)
    { type: "note", title: title[0, 255], comment: comment.byteslice(0, LIMIT).scrub(""), person_id: person_id,
      is_done: record["status"] == "resolved" ? 1 : 0 }
  end

  def latest(messages)
    open = messages.select { |message| !message["private"] && %w[incoming outgoing].include?(message["message_type"]) }
    open.sort_by { |message| message["created_at"] }.last(5)
  end

  def said(message)
    text = message["content"].to_s
    text = text.match?(/<\w+[^>]*>/) ? plain(text) : markdown(text)
    files = Array(message["attachments"]).map { |file| "Attachment: <i>#{escape(file["file_name"])}</i>" }
    ["<b>#{escape(message.dig("sender", "name"))}</b> · #{shown(message["created_at"])}", text, *files].join("<br>")
  end

  def markdown(text)
    escape(text).gsub(/\*\*(.+?)\*\*/, '<b>\1</b>').gsub(/(?<!\*)\*(?!\*)(.+?)\*/, '<i>\1</i>')
                .gsub(/\[([^\]]+)\]\((https?:[^)\s]+)\)/, '<a href="\2" target="_blank"><u>\1</u></a>')
                .gsub(/^[*-] /, "- ").gsub("\n", "<br>")
  end

  def plain(html)
    text = html.gsub(%r{<(script|style)\b.*?</\1>}mi, "").gsub(%r{<br\s*/?>|</(p|div|tr|li|h\d)>}i, "\n")
    escape(CGI.unescapeHTML(text.gsub(/<[^>]+>/, "")).gsub(/\n{3,}/, "\n\n").strip).gsub("\n", "<br>")
  end

  def shown(time) = Time.parse(time).utc.strftime("%Y-%m-%d %H:%M UTC")

  def escape(text) = CGI.escapeHTML(text.to_s)
end
