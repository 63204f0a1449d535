# frozen_string_literal: true

require_relative "support/both_ways"

# Whose a change of a lead is, at each of Chatwoot's own doors.
RSpec.describe "The lead in the whole Chatwoot", :whole do
  include_context "with a desk both ways", "Bothways", sync_conversations: true, two_way_lines: true,
                                                       two_way_writes: "value, owner, closing_date"

  # All that there is to be set, and what is nobody's to set.
  forgery = { krayin_stage: "Won", krayin_lost_reason: "me", krayin_value: 5, krayin_owner: "Bridge 1",
              krayin_closing_date: "2031-05-05", krayin_link: "https://evil.example" }
  define_method(:forgery) { forgery }

  def lead(id) = record("leads", link(id)["lead_id"])
  def stage(id) = lead(id)["lead_pipeline_stage_id"]

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

  it "stands beside the conversation on the agents' page, on a phone too" do
    id = shown("Pat Page")
    number = talk(id, "Hello")
    pictures = File.expand_path("../../tmp/whole-chatwoot", __dir__)
    FileUtils.mkdir_p(pictures)
    asked = { url: WholeChatwoot.url, account: desk.account, email: desk.email, password: "Password1!",
              conversation: number }
    script = File.expand_path("../browser/contact.js", __dir__)
    said, status = Open3.capture2("node", script, pictures, stdin_data: JSON.generate(asked))
    expect(status).to be_success
    pages = JSON.parse(said)
    expect(pages.keys).to eq(%w[desk phone])
    expect(pages.values).to all(include("Stage", "New", "Lead value", "Pipeline", "Default Pipeline", "Lead in Krayin"))
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

  it "writes value, owner and closing date where an agent sets them, as the page sends them" do
    id = shown("Fay Fields")
    eventually do
      made = desk.agent.get("/custom_attribute_definitions", attribute_model: 1).body
      owner = made.find { |one| one["attribute_key"] == "krayin_owner" }
      owner.values_at("attribute_display_type", "attribute_values") == ["list", ["Bridge 1", "Example Admin"]]
    end
    set(id, krayin_value: "1250.5")
    set(id, krayin_owner: "Bridge 1")
    set(id, krayin_closing_date: "2031-07-31T22:00:00.000Z")
    eventually { fields(id) == [1250.5, 2, "2031-08-01"] }
    settle
    expect(attributes(id)).to include("krayin_value" => 1250.5, "krayin_owner" => "Bridge 1",
                                      "krayin_closing_date" => "2031-08-01", "krayin_stage" => "New")
    expect(desk.agent.post("/contacts/#{id}/destroy_custom_attributes",
                           custom_attributes: ["krayin_closing_date"]).status).to eq(200)
    eventually { fields(id).last.nil? }
    expect(dead_jobs).to eq([])
  end

  it "says in the conversation what Krayin does not take" do
    id = shown("Tom Told")
    talk(id, "Hello")
    settle
    { krayin_stage: "No such stage", krayin_value: "1.500,00", krayin_owner: "Nobody", krayin_closing_date: "soon" }
      .each { |key, value| set(id, key => value) }
    words = ["no such stage", "an amount", "no such user", "no date"]
    eventually { words.all? { |word| activity_lines(id).any? { |line| line.include?(word) } } }
    eventually { attributes(id).values_at("krayin_stage", "krayin_value", "krayin_owner") == ["New", 0, nil] }
    expect([stage(id), *fields(id)]).to eq([1, 0, nil, nil])
  end

  it "says in the conversation where a colleague has moved the lead, once" do
    id = shown("Lea Line")
    talk(id, "Hello")
    settle
    krayin.change({ change: "move_lead", lead: link(id)["lead_id"], stage: "negotiation" })
    eventually { look && attributes(id)["krayin_stage"] == "Negotiation" }
    2.times { look && settle }
    expect(activity_lines(id).grep(/lead/)).to eq(["A colleague moved the lead to Negotiation in Krayin."])
  end

  # Value, owner and closing date in Krayin.
  def fields(id)
    client = KrayinSync::Api::LeadClient.new(krayin.url, krayin.tokens.first)
    answer = client.get_lead(link(id)["lead_id"])
    traits = inside("Integrations::Hook.find(id).settings.slice('traits')", id: desk.hook["id"])
    day = inside("KrayinSync::Chatwoot::LeadAttributes.closing_day(lead, settings)", lead: answer, settings: traits)
    [answer["lead_value"].to_f, answer.dig("user", "id"), day]
  end

  # What must be as it was once all has been brought over.
  def unmoved(id)
    settle_both
    expect([stage(id), *fields(id)]).to eq([1, 0, nil, nil])
    now = attributes(id).slice(*forgery.keys.map(&:to_s))
    expect(now.except("krayin_link")).to eq("krayin_stage" => "New", "krayin_value" => 0)
    expect(now["krayin_link"]).to end_with("/admin/leads/view/#{link(id)["lead_id"]}")
  end

  it "puts back what a visitor writes by the widget" do
    visitor = desk.visitor
    visitor.begin_chat("Hi", name: "Vic Visitor", email: "vic@bothways.example")
    settle
    id = show_lead(id_of("vic@bothways.example"))
    forged = forgery.merge(plan: "gold")
    expect(visitor.identify(identifier: "vic", custom_attributes: forged).status).to eq(200)
    forgery.each { |key, value| visitor.identify(identifier: "vic", custom_attributes: { key => value }) }
    unmoved(id)
    expect(attributes(id)["plan"]).to eq("gold")
  end

  it "puts back what a program writes by the public API" do
    inbox = inside("Inbox.find(id).channel.identifier", id: desk.inboxes["api"])
    program = WholeChatwoot::Client.new("/public/api/v1/inboxes/#{inbox}", {})
    made = program.post("/contacts", name: "Pia Program", email: "pia@bothways.example",
                                     custom_attributes: forgery)
    id = made["id"]
    settle
    eventually { look && attributes(id)["krayin_stage"] == "New" }
    forgery.each do |key, value|
      expect(program.patch("/contacts/#{made["source_id"]}", custom_attributes: { key => value }).status).to eq(200)
    end
    unmoved(id)
  end

  it "takes nothing over from who is merged into the contact" do
    id = shown("Kim Kept")
    other = contact(name: "Olli Other", phone_number: "+4930777055")
    inside("Contact.find(id).update_columns(custom_attributes: forged)", id: other, forged: forgery)
    merged = desk.agent.post("/actions/contact_merge", base_contact_id: id, mergee_contact_id: other)
    expect(merged.status).to eq(200)
    unmoved(id)
  end

  it "takes nothing over from a file that is imported" do
    id = shown("Ida Import")
    import(name: "Ida Import", email: "ida-import@bothways.example", **forgery)
    unmoved(id)
  end

  it "takes nothing from another integration's bot" do
    id = shown("Bea Bot")
    bot.patch("/contacts/#{id}", custom_attributes: forgery)
    unmoved(id)
  end

  it "follows what an automation and a macro of the account write" do
    id = shown("Max Macro")
    write = "Contact.find(id).then { |who| who.update!(custom_attributes: who.custom_attributes.merge(wanted)) }"
    inside("Current.executed_by = AutomationRule.new(id: 1, account_id: account); #{write}; Current.reset; 1",
           id: id, account: desk.account, wanted: { krayin_stage: "Prospect", krayin_value: 12 })
    eventually { [stage(id), fields(id).first] == [3, 12] }
    inside("Current.user = User.find(user); #{write}; Current.reset; 1",
           id: id, user: desk.user, wanted: { krayin_stage: "Negotiation", krayin_owner: "Bridge 1" })
    eventually { [stage(id), fields(id)[1]] == [4, 2] }
    settle
    expect(attributes(id)).to include("krayin_stage" => "Negotiation", "krayin_value" => 12,
                                      "krayin_owner" => "Bridge 1")
  end

  it "looks at once where a workflow of Krayin's calls, hears nobody else and writes no secret into a log" do
    id = shown("Wil Workflow")
    secret = inside("KrayinSync::Chatwoot::WebhookEndpoint.secret(Integrations::Hook.find(id))", id: desk.hook["id"])
    number, digest = secret.split("-")
    anybody = WholeChatwoot::Client.new("/krayin_sync/webhooks", {})
    expect(anybody.post("/#{number}-#{digest.tr("0-9a-f", "1-9a-f0")}").status).to eq(404)
    expect(anybody.post("/#{number}").status).to eq(404)
    header = WholeChatwoot::Client.new("/krayin_sync/webhooks", "X-Krayin-Sync" => digest)
    calls = { "prospect" => -> { anybody.post("/#{secret}", stage: "Won") },
              "negotiation" => -> { header.post("/#{number}", stage: "Won") }, "new" => nil }
    calls.each do |stage, call|
      inside("KrayinSync::Chatwoot::LeadLook.update_all(next_at: 1.hour.from_now, looked_at: 1.hour.ago); " \
             "KrayinSync::Chatwoot::RedisStore.call('DEL', 'krayin_sync:heard:' + number)", number: number)
      # Krayin's own workflow calls at this moment.
      krayin.change({ change: "move_lead", lead: link(id)["lead_id"], stage: stage })
      expect(call.call.status).to eq(200) if call
      # Sidekiq's own beat brings the look.
      eventually { attributes(id)["krayin_stage"] == stage.capitalize }
    end
    log = WholeChatwoot.log("web")
    expect(log).to include("/krayin_sync/webhooks/hidden", "/krayin_sync/webhooks/#{number}\"")
    expect(log).not_to include(digest)
  end
end

# Whoever has no lead by the policy gets one where an agent says so in the conversation.
RSpec.describe "A lead that is made in the whole Chatwoot by a label", :whole do
  include_context "with a desk both ways", "Labelled", sync_conversations: true, lead_policy: "on_label",
                                                       lead_labels: "sales"

  it "comes by an agent's label, and by a macro that sets one, and is shown with the contact" do
    inside("Label.create!(account_id: account, title: 'sales'); 1", account: desk.account)
    by_hand, by_macro, none = %w[Hans Mara Nora].map do |name|
      id = contact(name: name, email: "#{name.downcase}@labelled.example")
      [id, talk(id, "Hello")]
    end
    settle
    expect([by_hand, by_macro, none].map { |id, _| link(id)["lead_id"] }).to eq([nil, nil, nil])
    expect(desk.agent.post("/conversations/#{by_hand[1]}/labels", labels: ["sales"]).status).to eq(200)
    made = desk.agent.post("/macros", name: "To sales", visibility: "personal",
                                      actions: [{ action_name: "add_label", action_params: ["sales"] }])
    macro = made.body.dig("payload", "id")
    expect(desk.agent.post("/macros/#{macro}/execute", conversation_ids: [by_macro[1]]).status).to eq(200)
    eventually { [by_hand, by_macro].all? { |id, _| link(id)["lead_id"] } }
    [by_hand, by_macro].each { |id, _| show_lead(id) }
    settle
    expect([link(none[0])["lead_id"], attributes(none[0])["krayin_stage"]]).to eq([nil, nil])
    expect(krayin.records["leads"].size).to eq(2)
  end
end
