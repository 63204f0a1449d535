# frozen_string_literal: true

# Writes what the fuzzer begins with: the golden records, and the answers that live servers gave.
#
#     ruby fuzz/seeds.rb FOLDER

require "digest"
require "fileutils"
require "json"

ROOT = File.expand_path("..", __dir__)
FOLDER = ARGV.fetch(0)
SEPARATOR = "\n---\n"

def seed(target, *parts)
  text = parts.join(SEPARATOR)
  path = File.join(FOLDER, target, Digest::SHA1.hexdigest(text))
  FileUtils.mkdir_p(File.dirname(path))
  File.binwrite(path, text)
end

def parsed(pattern) = Dir[File.join(ROOT, "tests", pattern)].filter_map { |path| JSON.parse(File.read(path)) }

def answer(response)
  headers = response["headers"].map { |name, value| "#{name}: #{value}" }
  body = response["body"]
  [[response["status"], *headers].join("\n"), body.is_a?(String) ? body : JSON.generate(body)].join("\n\n")
end

["", "krayin:person:1", "krayin:person:1|krayin:lead:2|krayin:organization:3|krayin:activity:4",
 "krayin:quote:5|krayin:person:1|krayin:person:2", "krayin:lead:18446744073709551616|krayin:lead:+1| krayin:a_b:7 ",
 "12025550123|krayin:person:0"].each { |text| seed("external_id", text) }

full = {
  api_url: "https://crm.example.com/api/v1", api_token: "1|secretsecret", api_dialect: "rest_api",
  default_pipeline_id: "1", default_stage_id: 1.0, lead_source_id: 3, default_lead_type_id: 4, sync_conversations: "on",
  sync_messages: 1, sync_to_organization: true, stage_progression_enabled: "yes", stage_on_conversation_created: "won",
  stage_on_first_response: 2, stage_on_conversation_resolved: "2", attempt_timeout: "5", deadline: 0.5,
  allow_http: false, allowed_hosts: ["10.0.0.1"],
  traits: { rate_headers: true, no_phone: "blank", email_required: false, person_workflow: true,
            utc_offset_minutes: 330, pipelines: [{ id: 1, stages: [{ id: 2, code: "won", name: "Won" }] }] }
}
seed("settings", JSON.generate(full))
full.each { |key, value| seed("settings", JSON.generate(key => value)) }
["http://127.0.0.1:8000", "http://[::1]/api/admin", "https://u:p@x", "ftp://x", "https://10.0.0.1/x?y#z",
 "https://[::ffff:10.0.0.1]"].each { |url| seed("settings", JSON.generate(full.merge(api_url: url))) }

records = parsed("golden/*.json").filter_map do |golden|
  record = golden.values_at("contact", "conversation", "message").compact.first
  seed("mappers", JSON.generate(golden["settings"] || {}), JSON.generate(record)) if record
  golden.slice("contact", "conversation", "message") if record
end

%w[US DE BR].product(["+1 (415) 555-0182", "030 12345678", "11 98765-4321"]).each { |pair| seed("texts", *pair) }
["Sun, 06 Nov 1994 08:49:37 GMT", "120"].each { |text| seed("texts", "Sun, 06 Nov 1994 08:49:00 GMT", text) }
records.each do |record|
  record.values.first.fetch("messages", [record.values.first]).each do |message|
    seed("texts", "2026-11-24T10:00:00Z", message["content"]) if message["content"]
  end
end

paths = %w[contacts/persons contacts/organizations leads activities settings/tags later]
braces = ["{{7*7}}", "{{{", "}}{{", "{\0{", "x{", "}x", "&#123;&#x7b;7&rcub;", "{<b>{7*7}</b>}",
          "\\u007b\\u007b", "｛｛7｝｝",
          "<img src=x onerror=alert(9)>", "<a href=\"https://a.example/{{7}}\" target=\"_blank\">", "</script><!--",
          "L'Oréal\n\u2028Acme\\", "a < b > c & d", "{ {7*7} }"]
paths.product(braces).each { |pair| seed("harmless", *pair) }

steps = parsed("contract/krayin-*/*.json").flat_map { |recording| recording["steps"] }
answers = steps.filter_map { |step| answer(step["response"]) if step.dig("response", "status") }.uniq
answers.select! { |text| text.size < 3_000 }
contact = { id: 7, name: "Jane Doe", email: "jane@example.com", phone_number: "+14155550182", phone: "+14155550182",
            additional_attributes: { company_name: "Acme" }, title: "T", comment: "c", type: "note" }
calls = [*"a".."s", "0", "1", "2", "3", "4", "5"]
answers.each_with_index do |text, at|
  call = calls[at % calls.size]
  data = call < "a" ? records[at % records.size] : contact
  head = "#{call}#{" rdn"[at / calls.size % 4]}\n#{JSON.generate(data)}"
  seed("answers", head, text, *answers.rotate(at).first(at % 7))
end
whole = JSON.generate(contact.merge(contact: contact))
%w[connect tls refused timeout interrupted].push("too large").product(%w[a d i m 0 s]) do |failure, call|
  seed("answers", "#{call}r\n#{whole}", failure)
end
