# frozen_string_literal: true

RSpec.describe KrayinSync::Decision do
  let(:krayin) { SimulatedKrayin.of("2.2.3-official") }
  let(:records) { KrayinSync::Records::Memory.new }
  let(:number) { format("+1415555%04d", rand(10_000)) }

  def perform(contact)
    KrayinSync::ProcessorService.new(event_name: "contact.updated", event_data: { contact: contact },
                                     hook: krayin.hook, records: records).perform
  end

  def doubtful(id)
    known = { id: id + 1, name: "Alice Roe", email: "alice#{id}@example.com", phone_number: number }
    person = perform(known)[:ids][:person]
    carl = { id: id, account_id: 1, name: "Carl Poe", phone_number: number }
    expect(perform(carl)).to include(status: "skipped", doubtful: [person],
                                     codes: [{ code: "doubtful", contact: id, persons: [person] }])
    [carl, person]
  end

  { same: 4_100, another: 4_200 }.each do |verdict, id|
    it "has the next event act on #{verdict}, once" do
      carl, person = doubtful(id)
      expect(KrayinSync.decide(carl, verdict, records: records)).to be_nil
      outcome = perform(carl)
      expect(outcome).to include(status: "synced")
      expect(outcome[:ids][:person] == person).to be(verdict == :same)
      expect(perform(carl)).to include(status: "skipped", requests: 0)
      expect { KrayinSync.decide(carl, verdict, records: records) }.to raise_error(KrayinSync::DecisionError)
    end
  end

  it "leaves what is for later as it is" do
    carl, person = doubtful(4_300)
    KrayinSync.decide(4_300, "later", records: records)
    expect(perform(carl)).to include(status: "skipped", doubtful: [person])
    KrayinSync.decide(4_300, "same", person: person, records: records)
    expect(perform(carl)).to include(status: "synced")
  end

  it "says what is wrong with a decision" do
    carl, = doubtful(4_400)
    { "maybe" => /same, another or later/, nil => /same, another or later/ }.each do |verdict, message|
      expect { KrayinSync.decide(carl, verdict, records: records) }.to raise_error(KrayinSync::DecisionError, message)
    end
    expect { KrayinSync.decide(carl, :same, person: 0, records: records) }.to raise_error(ArgumentError, /person's id/)
    expect { KrayinSync.decide("x", :same, records: records) }.to raise_error(ArgumentError)
    expect { KrayinSync.decide(99_999, :same, records: records) }
      .to raise_error(KrayinSync::DecisionError, /not doubtful/)
  end

  it "lets a finder raise, with the ids of both" do
    carl, person = doubtful(4_500)
    client = KrayinSync::Api::PersonClient.new(krayin.url, krayin.hook.settings["api_token"])
    KrayinSync::PersonFinderService.new(person_client: client, contact: carl).perform
  rescue KrayinSync::DoubtfulError => e
    expect(e).to have_attributes(contact_id: 4_500, person_ids: [person])
    expect(e.reason).to have_attributes(code: "doubtful", params: { "contact" => 4_500, "persons" => [person] })
    expect(e.reason.sentence("en")).to include("Contact 4500 has the phone number of person #{person}")
  end

  it "finds by the kept id first, and costs no more" do
    contact = { id: 4_600, name: "Jane", email: "jane4600@example.com" }
    person = perform(contact)[:ids][:person]
    session = KrayinSync::Session.new(krayin.hook.settings, records: records)
    client = KrayinSync::Api::PersonClient.allocate.tap { |made| made.instance_variable_set(:@session, session) }
    found = nil
    asked = krayin.requests do
      found = KrayinSync::PersonFinderService.new(person_client: client, contact: contact).perform
    end
    expect([found["id"], asked]).to eq([person, ["GET /contacts/persons"]])
  end
end
