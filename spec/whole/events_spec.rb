# frozen_string_literal: true

require_relative "support/connected"

RSpec.describe "In a whole Chatwoot", :whole do
  include_context "with a connected desk", "Events", sync_conversations: true, sync_messages: true,
                                                     sync_to_organization: true

  it "brings a visitor, the conversation and each message over, once" do
    visitor = desk.visitor
    visitor.begin_chat("Where is my order?", name: "Vera Visitor", email: "vera@shop.example")
    visitor.say("It is number 77")
    settle
    people = krayin.records["persons"].select { |person| person["emails"].to_s.include?("vera@shop.example") }
    expect(people.map { |person| person["name"] }).to eq(["Vera Visitor"])
    leads = krayin.records["leads"].select { |lead| lead["person_id"] == people.first["id"] }
    expect(leads.size).to eq(1)
    expect(comments.count { |comment| comment.include?("It is number 77") }).to be_between(1, 2)
    titles = krayin.records["activities"].map { |activity| activity["title"] }
    expect(titles.uniq).to eq(titles)
    expect(dead_jobs).to eq([])
  end

  it "takes the words of a deleted message out of Krayin" do
    visitor = desk.visitor
    visitor.begin_chat("Hello", name: "Della", email: "della@shop.example")
    visitor.say("My door opens with 4711")
    settle
    expect(comments.join).to include("opens with 4711")
    delete_message(talk_of("della@shop.example"), message_with("4711"))
    settle
    expect(comments.join).not_to include("opens with 4711")
    expect(comments.join).to include("This message was deleted in Chatwoot.")
    expect(dead_jobs).to eq([])
  end

  it "follows what an agent does: a contact made and changed, a reply, a note of their own, resolving" do
    made = desk.agent.post("/contacts", inbox_id: desk.inboxes["api"], name: "Karl Kunde", email: "karl@kunde.example",
                                        phone_number: "+4930123456", additional_attributes: { company_name: "Kunde" })
    contact = made.body.dig("payload", "contact", "id")
    talk = desk.agent.post("/conversations", inbox_id: desk.inboxes["api"], contact_id: contact).body["id"]
    desk.agent.post("/conversations/#{talk}/messages", content: "How can I help?", message_type: "outgoing")
    desk.agent.post("/conversations/#{talk}/messages", content: "he is difficult", private: true)
    settle
    desk.agent.patch("/contacts/#{contact}", name: "Karl-Otto Kunde")
    desk.agent.post("/conversations/#{talk}/toggle_status", status: "resolved")
    settle
    expect(krayin.person("karl@kunde.example")).to include("name" => "Karl-Otto Kunde")
    expect(krayin.records["organizations"].map { |known| known["name"] }).to include("Kunde")
    expect(comments.join).to include("How can I help?", "Resolved")
    expect(JSON.generate(krayin.requests)).not_to include("difficult")
    expect(dead_jobs).to eq([])
  end
end
