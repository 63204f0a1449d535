# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "../chatwoot/support/two_way"

# What colleagues change of a person in Krayin, with the contact in Chatwoot, by the administrator's choice.
RSpec.describe "The contact that follows its person", :chatwoot do
  include TwoWay

  before(:context) { connect_both_ways("contacts", two_way_contact: "follow", sync_to_organization: true) }
  after(:context) { disconnect_both_ways }

  def person(contact) = krayin.records["persons"].find { |one| one["id"] == link(contact).person_id }

  def edit(contact,
           **fields)
    krayin.change({ change: "edit_person", person: link(contact).person_id, fields: fields })
  end

  def number = "+1415555#{rand(1000..9999)}"

  def policy(word)
    hook.reload.update!(settings: hook.settings.merge("two_way_contact" => word))
    run_all
    3.times { look }
  end

  def reason(contact)
    link = link(contact)
    link.reason_code && KrayinSync::Reason.new(link.reason_code, **link.reason_params.transform_keys(&:to_sym))
  end

  def company(contact) = contact.reload.additional_attributes["company_name"]

  # What comes back to the person.
  def written(contact)
    krayin.forget_requests
    run_all
    KrayinSync::Chatwoot::SweepJob.enqueue(seconds: 600)
    run_all
    krayin.requests.select do |one|
      one["method"] != "GET" && one["path"] == "/contacts/persons/#{link(contact).person_id}"
    end
  end

  it "takes name, address, number and company that a colleague has changed" do
    who = contact("ann#{rand(1_000_000)}", phone_number: number, additional_attributes: { "company_name" => "Acme" })
    3.times { look }
    new = number
    edit(who, name: "Ann <Smith> & Sons", emails: [{ value: "Ann.New#{who.id}@Two.example", label: "work" }],
              contact_numbers: [{ value: new, label: "work" }])
    krayin.change({ change: "edit_organization", organization: person(who)["organization_id"],
                    fields: { name: "Acme 2" } })
    look
    expect(who.reload).to have_attributes(name: "Ann <Smith> & Sons", email: "ann.new#{who.id}@two.example",
                                          phone_number: new)
    expect(company(who)).to eq("Acme 2")
    expect(written(who)).to eq([])
  end

  it "brings an agent's later change to Krayin, as one of a value that it has sent itself" do
    who = contact("bea#{rand(1_000_000)}", phone_number: number)
    look
    edit(who, name: "Beatrice", emails: [{ value: "bea#{who.id}@two.example", label: "work" }])
    look
    run_all
    expect(who.reload.name).to eq("Beatrice")
    who.update!(name: "Bea", email: "b.e.a#{who.id}@two.example")
    run_all
    expect(person(who)).to include("name" => "Bea",
                                   "emails" => [{
                                     "value" => "b.e.a#{who.id}@two.example", "label" => "work"
                                   }])
    2.times { look }
    expect(who.reload).to have_attributes(name: "Bea", email: "b.e.a#{who.id}@two.example")
  end

  it "keeps Krayin's where both were changed, and tells of it" do
    who = contact("cid#{rand(1_000_000)}")
    talk = conversation(who, inbox(account, "Email"))
    2.times { look }
    edit(who, name: "Cid of Krayin")
    who.update!(name: "Cid of Chatwoot")
    looks.find_by!(hook_id: hook.id).look(hook)
    expect(reason(who).sentence("en")).to eq("The person's name was edited in Krayin and is left alone.")
    run_all
    look
    expect([who.reload.name, person(who)["name"]]).to eq(["Cid of Krayin"] * 2)
    expect(talk.messages.where(message_type: :activity).pluck(:content))
      .to eq(["Name was changed in Krayin as well: it is Cid of Krayin."])
  end

  it "takes nothing that Chatwoot would refuse, tells so, and takes the rest" do
    other = contact("dan#{rand(1_000_000)}")
    who = contact("eve#{rand(1_000_000)}")
    look
    before = who.email
    # Krayin has it for nobody by now.
    edit(other, emails: [{ value: "gone#{other.id}@two.example", label: "work" }])
    taken = other.email
    edit(who, name: "Eve Adams", emails: [{ value: taken, label: "work" }])
    Contact.where(id: other.id).update_all(email: taken)
    allow(KrayinSync::Chatwoot::LeadLook).to receive(:contacts_of).and_wrap_original do |original, hook, persons|
      original.call(hook, persons).reject { |id, _| id == link(other).person_id }
    end
    look
    expect(who.reload).to have_attributes(name: "Eve Adams", email: before)
    expect(reason(who).sentence("en")).to start_with("The person's e-mail address was changed in Krayin to")
    RSpec::Mocks.space.reset_all
    Contact.where(id: other.id).update_all(email: "else#{other.id}@two.example")
    row = looks.find_by!(hook_id: hook.id)
    row.update!(cursor: row.cursor.deep_merge("contacts" => { "refused_at" => Time.now.to_i - 3700 }))
    look
    expect(who.reload.email).to eq(taken)
    expect(reason(who)).to be_nil
  end

  it "takes no number that is none" do
    who = contact("fay#{rand(1_000_000)}", phone_number: (known = number))
    look
    edit(who, contact_numbers: [{ value: "ext. 12", label: "work" }])
    look
    expect(who.reload.phone_number).to eq(known)
    expect(link(who).reason_code).to eq("field_not_taken")
  end

  it "leaves what was taken away there" do
    who = contact("gil#{rand(1_000_000)}", phone_number: (known = number))
    look
    edit(who, contact_numbers: [])
    look
    expect(who.reload.phone_number).to eq(known)
  end

  it "fills blanks alone where the setting says so, and nothing where it says never" do
    policy("fill_blanks")
    who = contact("hal#{rand(1_000_000)}")
    look
    new = number
    edit(who, name: "Hal Krayin", contact_numbers: [{ value: new, label: "work" }])
    look
    expect(who.reload).to have_attributes(name: who.name, phone_number: new)
    expect(who.name).to start_with("Hal").and(satisfy { |name| name != "Hal Krayin" })
    policy("never")
    edit(who, contact_numbers: [{ value: number, label: "work" }])
    look
    expect(who.reload.phone_number).to eq(new)
    policy("follow")
    expect(who.reload).to have_attributes(name: "Hal Krayin",
                                          phone_number: person(who)["contact_numbers"].first["value"])
  end

  it "writes nothing of a person whom a visitor may have chosen" do
    address = "owner#{rand(1_000_000)}@two.example"
    id = krayin.add_person(name: "Owner", emails: [{ value: address, label: "work" }],
                           contact_numbers: [{ value: number, label: "work" }])
    who = account.contacts.create!(name: "Visitor", email: address)
    conversation(who, inbox(account, "WebWidget"))
    run_all
    expect(link(who).person_id).to eq(id)
    edit(who, contact_numbers: [{ value: number, label: "work" }], name: "The Owner")
    2.times { look }
    expect(who.reload).to have_attributes(name: "Visitor", phone_number: nil)
    expect(link(who).reason_code).to eq("said_by_visitors")
  end

  it "follows who was there before where colleagues alone write the contact, and takes what was entered last" do
    address = "known#{rand(1_000_000)}@two.example"
    other = { value: "other.#{address}", label: "home" }
    krayin.add_person(name: "Known", emails: [other, { value: address, label: "work" }],
                      contact_numbers: [{ value: number, label: "work" }])
    who = contact("known", email: address)
    2.times { look }
    expect(who.reload).to have_attributes(name: "Known", email: address)
    edit(who, emails: [other, { value: "new.#{address}", label: "work" }])
    look
    expect(who.reload.email).to eq("new.#{address}")
  end

  it "misses nothing where many are changed in one second, and where nobody looked meanwhile" do
    people = Array.new(60) { account.contacts.create!(name: "Crowd", email: "c#{rand(1_000_000_000)}@two.example") }
    run_all
    3.times { look }
    people.each { |who| edit(who, name: "Name #{who.id}") }
    2.times { look }
    expect(people.map { |who| who.reload.name }).to eq(people.map { |who| "Name #{who.id}" })
  end

  it "tells Krayin's other connections of it, and not the one that it comes from" do
    who = contact("ida#{rand(1_000_000)}")
    look
    edit(who, name: "Ida Krayin")
    looks.where(hook_id: hook.id).update_all(next_at: Time.now.utc)
    KrayinSync::Chatwoot::LookJob.enqueue_due
    refused = []
    allow(KrayinSync::Chatwoot::Intake).to receive(:take).and_wrap_original do |original, *given|
      original.call(*given).tap { |reason| refused << reason&.code if given[1].include?("contact") }
    end
    run_all
    expect(refused).to eq(["unchanged"])
    who.reload.update!(name: "Ida Chatwoot")
    run_all
    expect(person(who)["name"]).to eq("Ida Chatwoot")
  end

  describe "at what price" do
    def requests
      krayin.forget_requests
      yield
      krayin.requests.size
    end

    it "costs a request a list a look, however many have changed, and five an hour at most where nothing has" do
      who = Array.new(12) { contact }
      # Those of the examples before are no longer among the last.
      krayin.pass(300)
      people = Array.new(8) { contact }
      3.times { look }
      expect(requests { look }).to be <= 6
      people.each { |one| edit(one, name: "Priced #{one.id}") }
      expect(requests { look }).to be <= 6
      expect(people.map { |one| one.reload.name }).to eq(people.map { |one| "Priced #{one.id}" })
      9.times { look }
      row = looks.find_by!(hook_id: hook.id)
      expect(requests { look } * 3600.0 / row.reload.pause).to be <= 5
      expect(who.size).to eq(12)
    end
  end
end
