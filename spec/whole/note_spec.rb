# frozen_string_literal: true

require_relative "support/connected"

# The note that a conversation has in Krayin.
RSpec.describe "A conversation's note", :whole do
  include_context "with a connected desk", "Note", sync_conversations: true, time_zone: "inbox"

  def note(talk)
    @krayin.records["activities"].find { |activity| activity["title"].start_with?("Conversation ##{talk} ") }
  end

  def writes(id)
    @krayin.requests.count { |request| request["method"] == "PUT" && request["path"].end_with?("/activities/#{id}") }
  end

  it "has its first words whatever comes first, and follows the conversation: once a minute, and at its end" do
    since = Time.now
    talk = talk(contact(name: "Nora", email: "nora@note.example"))
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
    eventually { note(talk)["comment"].include?("I am on it") }
    expect(note(talk)["comment"]).to include("vip", "Ada Agent", "Urgent", "First reply", "Line 7")
    settle
    # Twelve events.
    before = writes(id)
    expect(before).to be_between(2, 2 + ((Time.now - since) / 60))
    say(talk, "Solved", type: "outgoing")
    desk.agent.post("/conversations/#{talk}/toggle_status", status: "resolved")
    eventually { note(talk)["comment"].include?("Resolved") }
    expect(note(talk)).to include("comment" => /Solved/, "is_done" => eq(1).or(be(true)))
    # The end waits for nothing; what was said a moment before it may have had its turn.
    expect(writes(id)).to be_between(before + 1, before + 2)
    titles = @krayin.records["activities"].map { |known| known["title"] }
    expect(titles.uniq).to eq(titles)
  end

  it "shows all of what a visitor says at once" do
    visitor = desk.visitor
    visitor.begin_chat("First", name: "Burt", email: "burt@note.example")
    %w[Second Third Fourth].each { |text| visitor.say(text) }
    talk = talk_of("burt@note.example")
    eventually(90) { note(talk).to_h["comment"].to_s.include?("Fourth") }
    expect(note(talk)["comment"]).to include("First", "Second", "Third")
  end

  it "shows its times by one clock, known before the first text is written" do
    inside("Inbox.where(id: inboxes).update_all(timezone: 'Asia/Kolkata')", inboxes: desk.inboxes.values)
    number = talk(contact(name: "Zoe", email: "zoe@note.example"), "What time is it?")
    zones = -> { note(number).to_h["comment"].to_s.scan(/\d\d:\d\d (UTC[-+:\d]*)/).flatten }
    eventually { zones.call.any? }
    early = zones.call
    desk.agent.post("/conversations/#{number}/toggle_status", status: "resolved")
    eventually { note(number)["comment"].include?("Resolved") }
    expect((early + zones.call).uniq).to eq(["UTC+05:30"])
  end
end
