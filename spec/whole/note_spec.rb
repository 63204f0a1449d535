# frozen_string_literal: true

require_relative "support/whole_chatwoot"

# The note that a conversation has in Krayin.
RSpec.describe "A conversation's note", :whole do
  before(:context) do
    @krayin = Krayin.new(WholeChatwoot.servers, "note", throttle: false)
    @desk = connected_desk("Note", @krayin, sync_conversations: true)
  end

  after(:context) do
    disconnect(@desk)
    @krayin.stop
  end

  let(:desk) { @desk }

  # A conversation as channels and programs make one: its first message comes later.
  def begin_talk(name)
    email = "#{name.downcase}@note.example"
    contact = desk.agent.post("/contacts", inbox_id: desk.inboxes["api"], name: name, email: email)
    desk.agent.post("/conversations", inbox_id: desk.inboxes["api"],
                                      contact_id: contact.body.dig("payload", "contact", "id")).body["id"]
  end

  def say(talk, text, type: "incoming")
    desk.agent.post("/conversations/#{talk}/messages", content: text, message_type: type)
  end

  def note(talk)
    @krayin.records["activities"].find { |activity| activity["title"].start_with?("Conversation ##{talk} ") }
  end

  def writes(id)
    @krayin.requests.count { |request| request["method"] == "PUT" && request["path"].end_with?("/activities/#{id}") }
  end

  it "has its first words whatever comes first, and follows the conversation: once a minute, and at its end" do
    talk = begin_talk("Nora")
    id = eventually { note(talk) }["id"]
    expect(note(talk)["comment"]).not_to include("Where is it?")
    settle
    expect(writes(id)).to eq(1) # what the create cannot say
    say(talk, "Where is it?")
    8.times { |n| say(talk, "Line #{n}") }
    say(talk, "I am on it", type: "outgoing")
    desk.agent.post("/conversations/#{talk}/labels", labels: ["vip"])
    desk.agent.post("/conversations/#{talk}/assignments", assignee_id: desk.user)
    desk.agent.post("/conversations/#{talk}/toggle_priority", priority: "urgent")
    sleep 8
    expect(writes(id)).to eq(1)
    eventually(90) { note(talk)["comment"].include?("I am on it") }
    expect(note(talk)["comment"]).to include("vip", "Ada Agent", "Urgent", "First reply", "Line 7")
    settle
    expect(writes(id)).to eq(2)
    say(talk, "Solved", type: "outgoing")
    desk.agent.post("/conversations/#{talk}/toggle_status", status: "resolved")
    eventually(20) { note(talk)["comment"].include?("Resolved") }
    expect(note(talk)).to include("comment" => /Solved/, "is_done" => be_truthy)
    expect(writes(id)).to eq(3)
    titles = @krayin.records["activities"].map { |known| known["title"] }
    expect(titles.uniq).to eq(titles)
  end

  it "shows all of what a visitor says at once" do
    visitor = desk.visitor
    visitor.begin_chat("First", name: "Burt", email: "burt@note.example")
    %w[Second Third Fourth].each { |text| visitor.say(text) }
    talk = inside("Contact.find_by(email: 'burt@note.example').conversations.last.display_id")
    eventually(90) { note(talk).to_h["comment"].to_s.include?("Fourth") }
    expect(note(talk)["comment"]).to include("First", "Second", "Third")
  end
end
