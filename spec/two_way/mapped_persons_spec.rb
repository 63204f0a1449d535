# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "../chatwoot/support/two_way"

# What is a person's own, shown beside its lead: whose it is, what a write leaves alone, and what it costs.
RSpec.describe "A person's attributes beside its lead", :chatwoot do
  include TwoWay

  before(:context) do
    rows = "lead.plan <-> plan, person.plan <-> rank, person.vip <-> vip"
    connect_both_ways("mapped-persons", server: "2.2.3-community", two_way_writes: "value", field_mapping: rows) do
      add_attribute("plan", "text")
      add_attribute("plan", "text", entity: "persons")
      add_attribute("vip", "boolean", entity: "persons")
      add_attribute("loyal", "boolean", entity: "persons")
    end
  end
  after(:context) { disconnect_both_ways }
  after { krayin.heal }

  let(:who) { spoken_with }

  def edit_person(contact, **fields)
    krayin.change({ change: "edit_person", person: link(contact).person_id, fields: fields })
  end

  def requests = krayin.requests.map { |one| one["method"] }

  it "goes with the lead's in one save, each to its own, though Krayin calls both alike" do
    who
    krayin.forget_requests
    set(who, plan: "Lead's", rank: "Person's", krayin_value: 7)
    run_all
    expect(requests.tally).to eq("GET" => 3, "PUT" => 2)
    expect([krayins_lead(who).slice("plan", "lead_value"), krayins_person(who)["plan"]])
      .to eq([{ "plan" => "Lead's", "lead_value" => "7.0000" }, "Person's"])
    edit_person(who, plan: "Colleague's")
    2.times { look }
    expect(who.reload.custom_attributes.slice("plan", "rank")).to eq("plan" => "Lead's", "rank" => "Colleague's")
  end

  it "takes nothing else of the person away, nor of its lead" do
    edit_person(who, user_id: 1, organization_name: "Acme", job_title: "Chief", loyal: 1,
                     emails: [{ value: who.email, label: "work" }, { value: "b#{who.id}@two.example", label: "home" }],
                     contact_numbers: [{ value: "+1415555#{who.id.to_s.rjust(4, "0")[-4..]}", label: "work" }])
    change(lead_of(who), fields: { expected_close_date: "2031-07-31", user_id: 1, plan: "Kept" })
    look
    of = ->(record) { record.except("updated_at", "person") }
    before = [of.call(krayins_person(who)), of.call(krayins_lead(who))]
    set(who, rank: "Agent's", vip: true)
    run_all
    person, lead = [krayins_person(who), krayins_lead(who)].map(&of)
    expect([person, lead]).to eq([before.first.merge("plan" => "Agent's", "vip" => 1), before.last])
    expect(person).to include("loyal" => 1, "job_title" => "Chief")
    expect(person.dig("sales_owner", "id")).to eq(1)
  end

  it "writes nothing where a yes of the person's would be lost by it" do
    edit_person(who, loyal: 1)
    hook.update!(settings: hook.settings.merge("on_yes_no" => "leave_out"))
    krayin.forget_requests
    set(who, rank: "Agent's")
    run_all
    expect(requests).to all(eq("GET"))
    expect([krayins_person(who)["plan"], who.reload.custom_attributes["rank"]]).to eq([nil, nil])
    expect(told(who)).to contain_exactly(a_string_including("Plan", "other values"))
  ensure
    hook.update!(settings: hook.settings.merge("on_yes_no" => nil))
  end

  { "that it is the contact's is doubted" => [{ unverified: true }, "not certain"],
    "the contact is kept out" => [{ kept_out: true }, "kept out"] }.each do |name, (columns, sentence)|
    it "writes nothing on a person of whom #{name}" do
      edit_person(who, plan: "Krayin's")
      look
      link(who).update_columns(columns)
      krayin.forget_requests
      set(who, rank: "Agent's")
      run_all
      expect(requests).to all(eq("GET"))
      link(who).update_columns(columns.transform_values { false })
      expect([krayins_person(who)["plan"], who.reload.custom_attributes["rank"]]).to eq(["Krayin's", "Krayin's"])
      expect(told(who)).to contain_exactly(a_string_including("Plan", sentence))
    end
  end

  it "is the contact's own person's, whoever has the lead by now" do
    other = spoken_with
    edit_person(other, plan: "Another's")
    edit_person(who, plan: "Mine")
    2.times { look }
    lead = lead_of(who)
    change(lead, fields: { person_id: link(other).person_id })
    set(who, rank: "Agent's")
    run_all
    expect([krayins_person(who)["plan"], krayins_person(other)["plan"]]).to eq(["Agent's", "Another's"])
    3.times { look }
    expect([who, other].map { |one| one.reload.custom_attributes["rank"] }).to eq(["Agent's", "Another's"])
    expect([told(who), told(other)]).to eq([[], []])
  end

  it "is seen of a person who was touched last, for one request a look and one more for whom it changed" do
    who
    2.times { look }
    allow_any_instance_of(looks).to receive(:read_again).and_return([])
    krayin.forget_requests
    look
    expect(krayin.requests.map { |one| one["path"][/\w+\z/] }).to eq(%w[leads persons])
    edit_person(who, plan: "Seen")
    krayin.forget_requests
    look
    expect(krayin.requests.map { |one| one["path"][/\w+\z/] }).to eq(%w[leads persons leads])
    expect(who.reload.custom_attributes["rank"]).to eq("Seen")
  end

  it "costs no request more where persons are followed anyway, and looks less often the more they ask" do
    who
    following = { "two_way_contact" => "follow", "two_way_tags" => true, "label_tags" => "person" }
    hook.update!(settings: hook.settings.merge(following))
    3.times { look }
    allow_any_instance_of(looks).to receive(:read_again).and_return([])
    krayin.forget_requests
    look
    paths = krayin.requests.map { |one| one["path"][/\w+\z/] }
    expect([paths.count("persons"), paths.count("leads")]).to eq([1, 1])
    idle = looks.find_by!(hook_id: hook.id)
    idle.update!(pause: 100_000)
    look
    pause = idle.reload.pause
    expect(pause).to be > looks::LONGEST
    expect(looks::IDLE * pause).to be >= 3600 * paths.size
  ensure
    hook.update!(settings: hook.settings.except(*following.keys))
  end
end

RSpec.describe "A person's attributes without a lead", :chatwoot do
  include TwoWay

  before(:context) do
    connect_both_ways("mapped-alone", server: "2.2.3-community", lead_policy: "never",
                                      field_mapping: "person.plan <-> rank") do
      add_attribute("plan", "text", entity: "persons")
    end
  end
  after(:context) { disconnect_both_ways }

  let(:who) { contact.tap { look } }

  def edit_person(contact, **fields)
    krayin.change({ change: "edit_person", person: link(contact).person_id, fields: fields })
  end

  def rank(contact) = contact.reload.custom_attributes["rank"]

  it "go on being shown when a colleague makes a lead, and when that is deleted" do
    edit_person(who, plan: "Alone")
    look
    expect([rank(who), shown(who)]).to eq(["Alone", {}])
    lead = krayin.add_lead(title: "By hand", person_id: link(who).person_id, lead_pipeline_stage_id: 1)
    look
    expect([rank(who), shown(who)["krayin_stage"]]).to eq(%w[Alone New])
    krayin.change({ change: "delete_lead", lead: lead })
    set(who, rank: "Agent's", krayin_stage: "Won")
    run_all
    3.times { look }
    expect([krayins_person(who)["plan"], rank(who), shown(who)]).to eq(["Agent's", "Agent's", {}])
  end

  it "are shown no more where the person is gone, and an agent is told so" do
    edit_person(who, plan: "Krayin's")
    look
    conversation(who, inbox(account))
    run_all
    krayin.change({ change: "delete_person", person: link(who).person_id })
    set(who, rank: "Agent's")
    run_all
    expect(rank(who)).to be_nil
    expect(told(who)).to contain_exactly(a_string_including("Plan", "the person is no longer in Krayin"))
  end

  it "do not make an agent's word on a lead count where there is none" do
    edit_person(who, plan: "Krayin's")
    look
    krayin.forget_requests
    set(who, krayin_stage: "Won", krayin_value: 5)
    run_all
    expect([shown(who), rank(who), krayin.requests, told(who)]).to eq([{}, "Krayin's", [], []])
  end

  it "are one Krayin's where an account has several, and nothing goes to and fro" do
    south = Krayin.new(SmallChatwoot.servers, "mapped-south", throttle: false, server: "2.2.3-community")
    first = krayin
    @krayin = south
    add_attribute("plan", "text", entity: "persons")
    @krayin = first
    rows = { two_way: true, lead_policy: "never", field_mapping: "person.plan <-> rank" }
    other = account.hooks.create!(app_id: "krayin", settings: south.settings(0, **rows))
    run_all
    who
    write = lambda do |server, of, plan|
      links = KrayinSync::Records::Link.where(kind: "contact", record_id: who.id)
      link = links.find_by!(instance: KrayinSync::Chatwoot::HookSettings.instance(of.reload))
      server.change({ change: "edit_person", person: link.person_id, fields: { plan: plan } })
    end
    write.call(krayin, hook, "North")
    look
    write.call(south, other, "South")
    seen = Array.new(4) do
      looks.where(hook_id: other.id).update_all(next_at: Time.now.utc)
      look
      rank(who)
    end
    expect(seen).to eq(["North"] * 4)
    set(who, rank: "Agent's")
    run_all
    expect(rank(who)).to eq("Agent's")
    kept = [krayin, south].map { |server| server.person(who.email)["id"] }
    plans = [krayin, south].zip(kept).map do |server, id|
      KrayinSync::Api::PersonClient.new(server.url, server.tokens.first).get_person(id)["plan"]
    end
    expect(plans).to eq(["Agent's", "South"])
  ensure
    other&.destroy!
    KrayinSync::Chatwoot::ShownLead.clear(other.id) if other
    run_all
    south&.stop
  end
end
