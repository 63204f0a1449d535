# frozen_string_literal: true

require_relative "support/connected"

# Whose a change of a lead is, at each of Chatwoot's own doors.
RSpec.describe "The lead in the whole Chatwoot", :whole do
  include_context "with a connected desk", "Bothways", two_way: true, sync_conversations: true

  def lead(id) = record("leads", link(id)["lead_id"])
  def stage(id) = lead(id)["lead_pipeline_stage_id"]

  def attributes(id) = desk.agent.get("/contacts/#{id}")["payload"]["custom_attributes"]

  def look
    inside("KrayinSync::Chatwoot::LeadLook.update_all(next_at: Time.now.utc)")
    inside("KrayinSync::Chatwoot::LookJob.enqueue_due; 1")
  end

  # A contact that shows its lead.
  def shown(name)
    id = contact(name: name, email: "#{name.downcase.tr(" ", "-")}@both.example")
    settle
    eventually { look && attributes(id)["krayin_stage"] }
    id
  end

  def set(id, **attributes)
    expect(desk.agent.patch("/contacts/#{id}", custom_attributes: attributes).status).to eq(200)
  end

  it "shows what a colleague has changed, by attributes that the agents' pages have" do
    id = shown("Ann Agent")
    made = desk.agent.get("/custom_attribute_definitions", attribute_model: 1).body
    expect(made.map { |one| one["attribute_key"] }).to include("krayin_stage", "krayin_value", "krayin_link")
    stages = made.find { |one| one["attribute_key"] == "krayin_stage" }
    expect(stages["attribute_display_type"]).to eq("list")
    expect(stages["attribute_values"]).to include("New", "Negotiation", "Won", "Lost")
    krayin.change({ change: "move_lead", lead: link(id)["lead_id"], stage: "negotiation" })
    eventually { look && attributes(id)["krayin_stage"] == "Negotiation" }
    expect(attributes(id)["krayin_link"]).to end_with("/admin/leads/view/#{link(id)["lead_id"]}")
  end

  it "stands beside the conversation on the agents' page" do
    id = shown("Pat Page")
    number = talk(id, "Hello")
    pictures = File.expand_path("../../tmp/whole-chatwoot", __dir__)
    FileUtils.mkdir_p(pictures)
    asked = { url: WholeChatwoot.url, account: desk.account, email: desk.email, password: "Password1!",
              conversation: number }
    script = File.expand_path("../browser/contact.js", __dir__)
    said, status = Open3.capture2("node", script, pictures, stdin_data: JSON.generate(asked))
    expect(status).to be_success
    page = JSON.parse(said)["page"]
    expect(page).to include("Stage", "New", "Lead value", "Pipeline", "Default Pipeline", "Lead in Krayin")
  end

  it "moves the lead where an agent sets its stage" do
    id = shown("Moe Moves")
    set(id, krayin_stage: "Prospect")
    eventually { stage(id) == 3 }
    set(id, krayin_stage: "New")
    eventually { stage(id) == 1 }
    settle
    expect([attributes(id)["krayin_stage"], dead_jobs]).to eq(["New", []])
  end

  it "says in the conversation what Krayin does not take" do
    id = shown("Tom Told")
    talk(id, "Hello")
    settle
    set(id, krayin_stage: "No such stage")
    said = lambda do
      inside("Message.where(account_id: account, message_type: :activity).pluck(:content)", account: desk.account)
    end
    eventually { said.call.any? { |content| content.include?("no such stage") } }
    eventually { attributes(id)["krayin_stage"] == "New" }
    expect(stage(id)).to eq(1)
  end

  # What must be as it was once all has been brought over.
  def unmoved(id)
    settle
    look
    settle
    expect([stage(id), attributes(id)["krayin_stage"], attributes(id)["krayin_lost_reason"]]).to eq([1, "New", nil])
  end

  it "puts back what a visitor writes by the widget" do
    visitor = desk.visitor
    visitor.begin_chat("Hi", name: "Vic Visitor", email: "vic@both.example")
    settle
    id = eventually { inside("Contact.find_by(email: 'vic@both.example')&.id") }
    eventually { look && attributes(id)["krayin_stage"] }
    forged = { krayin_stage: "Won", krayin_lost_reason: "me", plan: "gold" }
    expect(visitor.identify(identifier: "vic", custom_attributes: forged).status).to eq(200)
    unmoved(id)
    expect(attributes(id)["plan"]).to eq("gold")
  end

  it "puts back what a program writes by the public API" do
    inbox = inside("Inbox.find(id).channel.identifier", id: desk.inboxes["api"])
    program = WholeChatwoot::Client.new("/public/api/v1/inboxes/#{inbox}", {})
    made = program.post("/contacts", name: "Pia Program", email: "pia@both.example",
                                     custom_attributes: { krayin_stage: "Won" })
    id = made["id"]
    settle
    eventually { look && attributes(id)["krayin_stage"] == "New" }
    expect(program.patch("/contacts/#{made["source_id"]}",
                         custom_attributes: { krayin_stage: "Won" }).status).to eq(200)
    unmoved(id)
  end

  it "takes nothing over from who is merged into the contact" do
    id = shown("Kim Kept")
    other = contact(name: "Olli Other", phone_number: "+4930777055")
    inside("Contact.find(id).update_columns(custom_attributes: { krayin_stage: 'Won', krayin_lost_reason: 'x' })",
           id: other)
    merged = desk.agent.post("/actions/contact_merge", base_contact_id: id, mergee_contact_id: other)
    expect(merged.status).to eq(200)
    unmoved(id)
  end

  it "looks at once where a workflow of Krayin's calls, and hears nobody else" do
    id = shown("Wil Workflow")
    secret = inside("KrayinSync::Chatwoot::WebhookEndpoint.secret(Integrations::Hook.find(id))", id: desk.hook["id"])
    krayin.change({ change: "move_lead", lead: link(id)["lead_id"], stage: "prospect" })
    inside("KrayinSync::Chatwoot::LeadLook.update_all(next_at: 1.hour.from_now, looked_at: 1.hour.ago); 1")
    anybody = WholeChatwoot::Client.new("/krayin_sync/webhooks", {})
    expect(anybody.post("/#{secret.tr("0-9a-f", "1-9a-f0")}").status).to eq(404)
    expect(anybody.post("/#{secret}", stage: "Won").status).to eq(200)
    # Sidekiq's own beat brings the look.
    eventually { attributes(id)["krayin_stage"] == "Prospect" }
  end
end
