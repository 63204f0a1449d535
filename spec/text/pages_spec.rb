# frozen_string_literal: true

require_relative "../support/krayin_pages"

# Hostile records, written through the gem and looked at in a browser on pages that do what Krayin's do.
RSpec.describe KrayinPages do
  hostile = {
    "script" => "{{_openBlock.constructor('alert(9)')()}}",
    "sum" => "{{7*7}}",
    "opening" => "{{",
    "broken" => "{{ 7* }}",
    "half" => "{",
    "halves" => "}x{7*7}}y{",
    "null" => "{\0{7*7}\0}",
    "references" => "&#123;&#x7b;_openBlock.constructor('alert(9)')()&rbrace;&#125",
    "image" => "<img src=x onerror=alert(9)>",
    "element" => "<x-organization v-html=\"alert(9)\"></x-organization><script>alert(9)</script>",
    "quote" => "L'Oréal",
    "code in a quote" => "' + alert(9) + '",
    "lines" => "O'Reilly\nMedia\u2028\r\n",
    "backslash" => "Acme\\",
    "escapes" => '\u007b\u007b7*7\u007d\u007d \x27'
  }.freeze

  let(:krayin) { SimulatedKrayin.new("2.1.0") }

  after { krayin.stop }

  def contact(at, text)
    {
      id: at + 1, name: text, email: "hostile#{at}@example.com", phone_number: format("+141555501%02d", at),
      additional_attributes: {
        "company_name" => text, "job_title" => text, "description" => text, "city" => text,
        "company_address" => text, "company_city" => text
      }, custom_attributes: { "note" => text, "deep" => { "in" => [{ text => text }] }, text => text }
    }
  end

  def conversation(at, text)
    { id: at + 100, display_id: at + 100, account_id: 1, status: "open", channel_type: "Channel::WebWidget",
      inbox_name: text, created_at: "2026-11-24T10:00:00Z", contact: contact(at, text), labels: [text],
      messages: [{ id: at + 100, message_type: "incoming", content: text, created_at: "2026-11-24T10:00:00Z",
                   sender: { name: text, type: "Contact" }, content_attributes: offered(text),
                   attachments: [{ file_type: "contact", fallback_title: text, meta: { "first_name" => text } },
                                 { file_type: "fallback", external_url: text, fallback_title: text }] }] }
  end

  def offered(text)
    { "items" => [{ "title" => text, "description" => text, "link" => text,
                    "actions" => [{ "text" => text, "uri" => text }] }],
      "submitted_values" => [{ "name" => text, "value" => text }], "submitted_email" => text, "cc_emails" => [text] }
  end

  def process(event, data)
    hook = Struct.new(:app_id, :settings).new("krayin", krayin.settings.merge("sync_conversations" => true))
    KrayinSync::ProcessorService.new(inbox: nil, hook: hook, event_name: event, event_data: data).perform
  end

  def through_the_processor(at, text)
    process("contact.created", { contact: contact(at, text) })
    process("conversation.created", { conversation: conversation(at, text) })
  end

  def through_the_clients(at, text)
    labelled = [{ value: "client#{at}@example.com", label: text }]
    organization = KrayinSync::Api::OrganizationClient.new(krayin.url, SimulatedKrayin::TOKEN).create_organization(
      { name: "#{text} #{at}", address: { address: text, city: text } }
    )
    person = KrayinSync::Api::PersonClient.new(krayin.url, SimulatedKrayin::TOKEN).create_person(
      { name: text, job_title: text, emails: labelled, organization_id: organization["id"],
        contact_numbers: [{ value: format("+141555502%02d", at), label: "work" }] }
    )
    lead = KrayinSync::Api::LeadClient.new(krayin.url, SimulatedKrayin::TOKEN).create_lead(
      { title: text, description: text, lead_value: 1, person_id: person["id"], lead_pipeline_stage_id: 1,
        lead_source_id: 1, lead_type_id: 1 }
    )
    KrayinSync::Api::ActivityClient.new(krayin.url, SimulatedKrayin::TOKEN).create_activity(
      { type: "note", title: text, comment: text, location: text, lead_id: lead["id"] }
    )
  end

  # As they would be without the step.
  def as_they_are(text)
    organization = { "name" => text, "address" => { "address" => text, "city" => text } }
    person = { "name" => text, "job_title" => text, "emails" => [{ "value" => text, "label" => text }],
               "organization" => organization }
    { "person" => person, "lead" => { "title" => text, "description" => text, "person" => person },
      "activity" => { "title" => text, "comment" => text, "location" => text } }
  end

  def fetch(collection)
    client = KrayinSync::Api::BaseClient.new(krayin.url, SimulatedKrayin::TOKEN)
    client.get(collection, { "pagination" => "0" })["data"]
  end

  # Leads show their person without its organization's name here and there: the whole person is put in.
  def shown
    persons = fetch("contacts/persons")
    by_id = persons.to_h { |person| [person["id"], person] }
    leads = fetch("leads").map { |lead| lead.merge("person" => by_id[lead["person"]["id"]]) }
    pages = described_class.new
    persons.each { |person| pages.add_person("person-#{person["id"]}", person) }
    leads.each { |lead| pages.add_lead("lead-#{lead["id"]}", lead) }
    notes = fetch("activities").reject { |activity| activity["type"] == "system" }
    notes.each { |activity| pages.add_activity("activity-#{activity["id"]}", activity) }
    pages.look
  end

  it "runs nothing and blanks no page, whichever way the text came" do
    hostile.each_value.with_index do |text, at|
      through_the_processor(at, text)
      through_the_clients(at, text)
    end
    seen = shown
    expect(seen.size).to eq(hostile.size * 6)
    bad = seen.reject do |_, page|
      page["dialogs"].empty? && page["errors"].empty? && page["text"].include?(described_class::MARK) &&
        !page["text"].match?(/(?<!\d)49(?!\d)/)
    end
    expect(bad).to eq({})
    expect(seen.values.map { |page| page["text"] }.join).to include("L’Oréal", "{ {7*7} }", "‹img src=x")
  end

  it "would have seen what runs and what blanks a page" do
    pages = described_class.new
    hostile.each do |name, text|
      as_they_are(text).each { |kind, record| pages.public_send("add_#{kind}", "#{kind} #{name}", record) }
    end
    seen = pages.look
    met = seen.transform_values do |page|
      next :ran if page["dialogs"].any? || page["text"].match?(/(?<!\d)49(?!\d)/)

      :blank unless page["text"].include?(described_class::MARK)
    end
    ran = met.filter_map { |name, what| name.split(" ", 2).last if what == :ran }
    blank = met.filter_map { |name, what| name.split(" ", 2).last if what == :blank }
    expect(ran).to include("script", "sum", "null", "references", "image", "element", "code in a quote")
    expect(blank).to include("broken", "quote", "lines", "backslash")
  end
end
