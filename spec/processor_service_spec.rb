# frozen_string_literal: true

RSpec.describe KrayinSync::ProcessorService do
  let(:krayin) { SimulatedKrayin.of("2.1.0") }
  let(:contact) { contact_of("jane") }

  def contact_of(word, **fields)
    number = "+1415555#{format("%04d", word.sum % 10_000)}"
    { id: word.sum, name: word.capitalize, email: "#{word}@example.com", phone_number: number,
      additional_attributes: { "company_name" => "#{word} Ltd" } }.merge(fields)
  end

  def perform(contact, event: "contact.created", hook: krayin.hook)
    described_class.new(inbox: nil, hook: hook, event_name: event, event_data: { contact: contact }).perform
  end

  it "creates a new contact with its company in two requests" do
    outcome = nil
    requests = krayin.requests { outcome = perform(contact) }
    expect(requests).to eq(["GET /contacts/persons/search", "POST /leads"])
    expect(outcome).to include(status: "synced", requests: 2, created: %w[person lead], reasons: [])
    expect(outcome[:ids].keys).to eq(%i[person lead organization])
    person = krayin.records["persons"].find { |known| known["id"] == outcome[:ids][:person] }
    expect(person).to include("name" => "Jane", "emails" => [{ "value" => "jane@example.com", "label" => "work" }])
  end

  it "sends nothing when nothing changed that Krayin shows" do
    contact = contact_of("unchanged")
    perform(contact)
    outcome = nil
    attributes = contact[:additional_attributes].merge("created_at_ip" => "203.0.113.9")
    later = contact.merge(last_activity_at: Time.now, additional_attributes: attributes)
    expect(krayin.requests { outcome = perform(later, event: "contact_updated") }).to eq([])
    expect(outcome).to include(status: "skipped", requests: 0, reasons: ["Nothing that Krayin shows has changed."])
  end

  it "writes a change with one read and one write" do
    contact = contact_of("changed")
    perform(contact)
    outcome = nil
    changed = contact.merge(additional_attributes: { "company_name" => "changed Ltd", "job_title" => "CTO" })
    expect(krayin.requests { outcome = perform(changed, event: "contact.updated") })
      .to match(["GET /contacts/persons", %r{\APUT /contacts/persons/\d+\z}])
    expect(outcome).to include(status: "synced", updated: ["person"])
  end

  it "sends nothing for a visitor whom Krayin could not know again" do
    outcome = nil
    expect(krayin.requests { outcome = perform({ id: 3, name: "winter-moon-12" }) }).to eq([])
    expect(outcome).to include(status: "skipped", ids: {}, reasons: [/neither an e-mail address nor a phone number/])
  end

  it "finds the hook of an inbox" do
    inbox = Struct.new(:hooks).new([Struct.new(:app_id).new("slack"), krayin.hook])
    event = { event_name: "contact.created", event_data: { "contact" => contact_of("inbox") } }
    expect(described_class.new(inbox: inbox, **event).perform).to include(status: "synced")
    expect { described_class.new(inbox: Struct.new(:hooks).new([]), **event) }
      .to raise_error(KrayinSync::ConfigurationError, /no Krayin hook/)
  end

  it "keeps ids where it is told to" do
    records = KrayinSync::Records::Memory.new
    service = described_class.new(inbox: nil, hook: krayin.hook, records: records, event_name: "contact.created",
                                  event_data: { contact: contact_of("kept") })
    ids = service.perform[:ids]
    again = KrayinSync::Records::Memory.from_h(JSON.parse(JSON.generate(records.to_h)))
    other = described_class.new(inbox: nil, hook: krayin.hook, records: again, event_name: "contact.updated",
                                event_data: { contact: contact_of("kept") })
    expect(other.get_external_id({ id: "kept".sum }, "person")).to eq(ids[:person])
    expect(other.perform).to include(status: "skipped", ids: ids)
    other.store_external_id({ id: "kept".sum }, "lead", 99)
    expect(other.get_external_id({ id: "kept".sum }, :lead)).to eq(99)
  end

  it "refuses what is no event before anything is sent" do
    requests = krayin.requests do
      expect do
        perform(contact, event: "contact.vanished")
      end.to raise_error(KrayinSync::EventError, /Unknown event name/)
      expect { perform({ name: "No id" }) }.to raise_error(KrayinSync::EventError, /no contact with an id/)
      expect { perform(nil) }.to raise_error(KrayinSync::EventError, /no contact with an id/)
      hook = Struct.new(:app_id, :settings).new("krayin", krayin.settings.merge("sync_messages" => "perhaps"))
      message = "The Krayin settings cannot be used: sync_messages must be true or false."
      expect { perform(contact, hook: hook) }.to raise_error(KrayinSync::ConfigurationError, message)
    end
    expect(requests).to eq([])
  end

  it "creates nothing where it cannot keep what it is about to send" do
    broken = Class.new(KrayinSync::Records::Memory) { def store(*) = raise(IOError, "disk full") }.new
    service = described_class.new(inbox: nil, hook: krayin.hook, records: broken, event_name: "contact.created",
                                  event_data: { contact: contact_of("full") })
    expect { service.perform }.to raise_error(IOError, "disk full")
    expect(krayin.records["persons"].count { |person| person["name"] == "Full" }).to eq(0)
  end

  it "lets what the records raise through, and loses nothing" do
    broken = Class.new(KrayinSync::Records::Memory) do
      # Full once Krayin has given ids.
      def store(kind, id, json) = json.include?("krayin:") ? raise(IOError, "disk full") : super
    end.new
    service = described_class.new(inbox: nil, hook: krayin.hook, records: broken, event_name: "contact.created",
                                  event_data: { contact: contact_of("disk") })
    expect { service.perform }.to raise_error(IOError, "disk full")
    expect(perform(contact_of("disk"))).to include(status: "synced", created: [])
    expect(krayin.records["persons"].count { |person| person["name"] == "Disk" }).to eq(1)
  end

  it "answers to the seed's name" do
    expect(Crm::Krayin::ProcessorService).to be(described_class)
    expect(Crm::Krayin::Api::BaseClient::ApiError).to be(KrayinSync::ApiError)
  end
end
