# frozen_string_literal: true

require_relative "support/both_ways"

# Attributes of Krayin's own that the mapping has both ways, a lead's and a person's, at each of Chatwoot's own doors.
RSpec.describe "A mapping both ways in the whole Chatwoot", :whole do
  plan = { code: "plan", name: "Plan", type: "text", entity_type: "leads", is_required: 0, is_unique: 0, quick_add: 0 }
  options = %w[Gold Free].each.with_index(1).to_h { |name, number| ["option_#{number}", { name:, sort_order: number }] }
  tier = { **plan, code: "tier", name: "Tier", type: "select", option_type: "options", options: options }
  rank = { **plan, code: "rank", name: "Rank", entity_type: "persons" }
  include_context "with a desk both ways", "Mapped", server: "2.2.3-community", attributes: [plan, tier, rank],
                                                     sync_conversations: true,
                                                     field_mapping: "lead.plan <-> plan, lead.tier <-> tier, " \
                                                                    "person.rank <-> rank"

  # A contact that shows its lead, to which a colleague has given a plan, and to its person a rank.
  def planned(name) = given(shown(name))

  def given(id)
    show_lead(id)
    krayin.change({ change: "edit_lead", lead: link(id)["lead_id"], fields: { plan: "Krayin's" } })
    krayin.change({ change: "edit_person", person: link(id)["person_id"], fields: { rank: "Krayin's" } })
    eventually { look && attributes(id).values_at("plan", "rank") == ["Krayin's", "Krayin's"] }
    id
  end

  def krayins(id, code = "plan")
    client = KrayinSync::Api::LeadClient.new(krayin.url, krayin.tokens.first)
    client.get_lead(link(id)["lead_id"])[code]
  end

  def krayins_rank(id)
    KrayinSync::Api::PersonClient.new(krayin.url, krayin.tokens.first).get_person(link(id)["person_id"])["rank"]
  end

  # What must be as it was once all has been brought over.
  def unmoved(id)
    settle_both
    shown = [*attributes(id).values_at("plan", "rank"), krayins(id), krayins_rank(id)]
    expect([shown, dead_jobs]).to eq([["Krayin's"] * 4, []])
  end

  it "has attributes that the agents' pages know, and brings what an agent writes to Krayin" do
    made = desk.agent.get("/custom_attribute_definitions", attribute_model: 1).body
    types = made.to_h { |one| one.values_at("attribute_key", "attribute_display_type") }
    expect(types).to include("plan" => "text", "tier" => "list", "rank" => "text")
    expect(made.find { |one| one["attribute_key"] == "tier" }["attribute_values"]).to eq(%w[Gold Free])
    id = planned("Ann Mapped")
    set(id, plan: "Agent's", tier: "Gold", rank: "Agent's")
    eventually { krayins(id) == "Agent's" && tier(id) == "Gold" && krayins_rank(id) == "Agent's" }
    settle
    expect(attributes(id)).to include("plan" => "Agent's", "tier" => "Gold", "rank" => "Agent's")
    expect(dead_jobs).to eq([])
  end

  def tier(id)
    known = desk.hook["settings"]["traits"]["attributes"].find { |row| row["code"] == "tier" }
    known["options"].to_h[krayins(id, "tier")]
  end

  it "follows what an automation and a macro of the account write, and says what does not fit" do
    id = planned("Max Macro")
    talk(id, "Hello")
    settle
    write = "Contact.find(id).then { |who| who.update!(custom_attributes: who.custom_attributes.merge(wanted)) }"
    inside("Current.executed_by = AutomationRule.new(id: 1, account_id: account); #{write}; Current.reset; 1",
           id: id, account: desk.account, wanted: { plan: "By rule" })
    eventually { krayins(id) == "By rule" }
    inside("Current.user = User.find(user); #{write}; Current.reset; 1",
           id: id, user: desk.user, wanted: { plan: "By macro", tier: "Silver" })
    eventually { krayins(id) == "By macro" && attributes(id)["tier"].nil? }
    eventually { activity_lines(id).any? { |line| line.include?("Tier") } }
    expect([attributes(id)["plan"], dead_jobs]).to eq(["By macro", []])
  end

  it "gives back what is taken away, by an agent and by a visitor" do
    id = planned("Eve Empty")
    taken = desk.agent.post("/contacts/#{id}/destroy_custom_attributes", custom_attributes: %w[plan rank])
    expect(taken.status).to eq(200)
    unmoved(id)
    visitor = desk.visitor
    visitor.begin_chat("Hi", name: "Ned None", email: "ned@mapped.example")
    settle
    id = id_of("ned@mapped.example")
    given(id)
    taken = visitor.client.post("/contact/destroy_custom_attributes?website_token=#{desk.website_token}",
                                custom_attributes: %w[plan rank])
    expect(taken.status).to eq(200)
    unmoved(id)
  end

  it "is refused under a key that is Chatwoot's own" do
    rows = { settings: { field_mapping: "lead.plan <-> email, lead.tier <-> tier" } }
    answer = desk.agent.patch("/integrations/hooks/#{desk.hook["id"]}", hook: rows)
    expect([answer.status, answer["message"]]).to match([422, /lead\.plan both ways/])
    expect(desk.hook["settings"]["field_mapping"]).to start_with("lead.plan <-> plan")
  end

  it "puts back what a visitor writes by the widget" do
    visitor = desk.visitor
    visitor.begin_chat("Hi", name: "Vic Visitor", email: "vic@mapped.example")
    settle
    id = id_of("vic@mapped.example")
    given(id)
    forged = { plan: "forged", rank: "forged", other: "mine" }
    expect(visitor.identify(identifier: "vic-m", custom_attributes: forged).status).to eq(200)
    unmoved(id)
    expect(attributes(id)["other"]).to eq("mine")
  end

  it "puts back what a program writes by the public API" do
    inbox = inside("Inbox.find(id).channel.identifier", id: desk.inboxes["api"])
    program = WholeChatwoot::Client.new("/public/api/v1/inboxes/#{inbox}", {})
    made = program.post("/contacts", name: "Pia Program", email: "pia@mapped.example",
                                     custom_attributes: { plan: "forged", rank: "forged" })
    settle
    given(made["id"])
    forged = { plan: "forged", rank: "forged" }
    expect(program.patch("/contacts/#{made["source_id"]}", custom_attributes: forged).status).to eq(200)
    unmoved(made["id"])
  end

  it "takes nothing over from a merge, a file or another integration's bot" do
    id = planned("Kim Kept")
    other = contact(name: "Olli Other", phone_number: "+4930777066")
    inside("Contact.find(id).update_columns(custom_attributes: { plan: 'forged', rank: 'forged' })", id: other)
    expect(desk.agent.post("/actions/contact_merge", base_contact_id: id, mergee_contact_id: other).status).to eq(200)
    unmoved(id)
    import(name: "Kim Kept", email: "kim-kept@mapped.example", plan: "forged", rank: "forged")
    unmoved(id)
    bot.patch("/contacts/#{id}", custom_attributes: { plan: "forged", rank: "forged" })
    unmoved(id)
  end
end
