# frozen_string_literal: true

require_relative "support/connected"

# Who a contact is in Krayin, whatever a visitor or Chatwoot's own code writes into the contact.
RSpec.describe "Who is who", :whole do
  include_context "with a connected desk", "Identity", sync_conversations: true, sync_messages: true

  def person_of(words)
    @krayin.records["activities"].find { |activity| activity["comment"].to_s.include?(words) }&.fetch("person_ids")
  end

  it "is not a visitor's to say" do
    victim = @desk.visitor
    victim.begin_chat("I am the victim", name: "Victor Victim", email: "victim@shop.example")
    mallory = @desk.visitor
    mallory.begin_chat("I am somebody else", name: "Mallory", email: "mallory@shop.example")
    settle
    theirs = link("victim@shop.example")
    ids = "krayin:person:#{theirs["person_id"]}|krayin:lead:#{theirs["lead_id"]}"
    kept = JSON.generate("ids" => ids, "server" => theirs["instance"], "revision" => 99)
    forged = { external: { krayin: { ids: ids, kept: kept, at: Time.now.utc.iso8601 } }, krayin: { kept: kept },
               krayin_person_id: theirs["person_id"] }
    answer = mallory.identify(additional_attributes: forged, name: "Mallory the Second")
    expect(answer.status).to eq(200)
    mallory.say("Hang me on the victim")
    settle
    expect(person_of("Hang me on the victim")).to eq([link("mallory@shop.example")["person_id"]])
    expect(@krayin.person("victim@shop.example")).to include("name" => "Victor Victim")
    expect(@krayin.person("mallory@shop.example")).to include("name" => "Mallory the Second")
    expect(JSON.generate(answer.body)).not_to include("krayin:person:#{link("mallory@shop.example")["person_id"]}|")
  end

  it "is not forgotten when Chatwoot writes whole columns" do
    visitor = @desk.visitor
    visitor.begin_chat("Kept", name: "Kay", email: "kay@shop.example")
    settle
    before = link("kay@shop.example")
    write = <<~RUBY
      contact = Contact.find_by!(email: "kay@shop.example", account_id: account)
      talk = contact.conversations.last
      stale = Contact.find(contact.id)
      stale.update_columns(additional_attributes: { "city" => "Ulm" })
      Avatar::AvatarFromUrlJob.perform_now(stale, "http://127.0.0.1:1/no.png")
      talk.update_columns(additional_attributes: { "conversation_language" => "en" })
      talk.update!(priority: :urgent)
      contact.reload.additional_attributes.keys
    RUBY
    expect(inside(write, account: desk.account)).to include("last_avatar_sync_at")
    @krayin.forget_requests
    visitor.identify(additional_attributes: { external: "gone" }, name: "Kay the Second")
    settle
    expect(link("kay@shop.example")).to include(before.slice("person_id", "lead_id", "instance"))
    creates = @krayin.requests.select { |request| request["method"] == "POST" }
    expect(creates.map { |request| request["path"] }).to eq([])
    expect(@krayin.person("kay@shop.example")).to include("name" => "Kay the Second")
  end
end
