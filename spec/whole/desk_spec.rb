# frozen_string_literal: true

require_relative "support/connected"

# What agents do with contacts and conversations from morning to evening, and what a salesperson finds of it.
RSpec.describe "A day at a desk", :whole do
  include_context "with a connected desk", "Desk", sync_conversations: true, sync_messages: true,
                                                   sync_to_organization: true, label_tags: "person_and_lead"

  before(:context) do
    @desk.agent.post("/labels", title: "vip", color: "#ff0000", show_on_sidebar: true)
    @team = @desk.agent.post("/teams", name: "sales").body["id"]
  end

  def change(path, **fields) = expect(desk.agent.post(path, **fields).status).to be_between(200, 204)
  def named(kind, key, name) = krayin.records[kind].select { |known| known[key].to_s.include?(name) }
  def note(talk) = named("activities", "title", "Conversation ##{talk} ").reject { |one| one["title"][/\AMessage/] }

  # A number or a word, by Krayin's version.
  def done?(talk) = [1, true].include?(note(talk).first["is_done"])

  # No two of what this desk has made are the same.
  def expect_no_double
    titles = krayin.records["activities"].map { |activity| activity["title"] }
    expect(titles.uniq).to eq(titles)
    expect(krayin.records["leads"].map { |lead| lead["person_id"] }.tally.values).to all(eq(1))
    expect(dead_jobs).to eq([])
  end

  it "has one person, one lead, one company and each word once, whatever an agent does to them" do
    who = contact(name: "Dora Day", email: "dora@day.example", phone_number: "+4930222001")
    talk = talk(who, "Do you have it in blue?")
    edited = desk.agent.patch("/contacts/#{who}", name: "Dora Daylight",
                                                  additional_attributes: { company_name: "Day Ltd", city: "Lisbon" })
    expect(edited.status).to eq(200)
    change("/contacts/#{who}/labels", labels: ["vip"])
    change("/conversations/#{talk}/labels", labels: ["vip"])
    change("/conversations/#{talk}/assignments", assignee_id: desk.user)
    change("/conversations/#{talk}/assignments", team_id: @team)
    change("/conversations/#{talk}/toggle_priority", priority: "high")
    say(talk, "We do: **forty euros**", type: "outgoing")
    say(talk, "she will buy anything", type: "outgoing", private: true)
    change("/conversations/#{talk}/toggle_status", status: "resolved")
    eventually { note(talk).any? { |one| one["comment"].include?("Resolved") && one["comment"].include?("forty") } }
    expect(done?(talk)).to be(true)
    # Who writes again opens it again.
    say(talk, "And in red?")
    eventually { note(talk).any? { |one| one["comment"].include?("Open") && one["comment"].include?("in red?") } }
    expect(done?(talk)).to be(false)
    change("/conversations/#{talk}/toggle_status", status: "resolved")
    eventually { done?(talk) }
    settle
    people = named("persons", "emails", "dora@day.example")
    expect(people.map { |one| one["name"] }).to eq(["Dora Daylight"])
    expect(people.first["contact_numbers"].map { |one| one["value"] }).to eq(["+4930222001"])
    expect(named("leads", "title", "Dora").map { |one| [one["title"], one["person_id"]] })
      .to eq([["Dora Daylight", people.first["id"]]])
    expect(named("organizations", "name", "Day Ltd").map { |one| one["id"] }).to eq([people.first["organization_id"]])
    expect(note(talk).size).to eq(1)
    expect(note(talk).first["comment"]).to include("vip", "Ada Agent", "sales", "High")
    messages = named("activities", "title", "- Conversation ##{talk} ")
    expect(messages.map { |one| one["person_ids"] }.uniq).to eq([[people.first["id"]]])
    words = ["in blue?", "<b>forty euros</b>", "in red?"]
    expect(words.map { |text| messages.count { |one| one["comment"].include?(text) } }).to eq([1, 1, 1])
    expect(messages.size).to eq(3)
    expect(JSON.generate(krayin.requests)).not_to include("she will buy anything")
    expect_no_double
  end

  it "knows who writes in by a second inbox, and is silent about who is only moved about in Chatwoot" do
    first = contact(name: "Ines Inbox", email: "ines@inbox.example")
    one = talk(first, "By the first inbox")
    # The website knows her by what she enters before the chat.
    desk.visitor.begin_chat("By the second inbox", name: "Ines Inbox", email: "ines@inbox.example")
    eventually { said("By the second inbox").size == 2 && said("By the first inbox").size == 2 }
    settle
    person = krayin.person("ines@inbox.example")
    expect(named("persons", "name", "Ines Inbox").size).to eq(1)
    expect(krayin.records["activities"].select { |known| known["comment"].to_s.match?(/By the \w+ inbox/) }
      .flat_map { |known| known["person_ids"] }.uniq).to eq([person["id"]])
    # No page of Chatwoot's moves a conversation, but programs of an installation do.
    inbox = inside("Inbox.create!(account_id: account, channel: Channel::Api.create!(account_id: account), " \
                   "name: 'Escalations').id", account: desk.account)
    inside("Conversation.find_by!(account_id: account, display_id: number).update!(inbox_id: inbox)",
           account: desk.account, number: one, inbox: inbox)
    say(one, "And on in another one")
    change("/conversations/#{one}/toggle_status", status: "resolved")
    eventually { note(one).first["comment"].include?("Escalations") && said("And on in another one").size == 2 }
    settle
    expect(note(one).size).to eq(1)
    expect(said("By the first inbox").size).to eq(2)
    expect_no_double
  end

  it "follows a conversation that an agent gives to another contact" do
    wrong = contact(name: "Wim Wrong", email: "wim@inbox.example")
    right = contact(name: "Rika Right", email: "rika@inbox.example")
    number = talk(wrong, "I am Rika")
    eventually { said("I am Rika").size == 2 }
    settle
    inside("Conversation.find_by!(account_id: account, display_id: number).update!(contact_id: contact)",
           account: desk.account, number: number, contact: right)
    person = krayin.person("rika@inbox.example")["id"]
    eventually { said("I am Rika").all? { |known| known["person_ids"].include?(person) } }
    settle
    expect(said("I am Rika").size).to eq(2)
    expect_no_double
  end
end
