# frozen_string_literal: true

require_relative "support/one_krayin"

# The source of a new lead, by the inbox that its contact first wrote to, whichever event brings it over.
RSpec.describe "Sources of leads", :chatwoot do
  include_context "with one Krayin", "sources", make_sources: true,
                                                lead_sources: "inbox Api inbox = Phone; channel e-mail = Post"

  def source_of(contact)
    person = @krayin.person(contact.email)
    lead = @krayin.records["leads"].find { |known| known["person_id"] == person["id"] }
    client = KrayinSync::Api::SourceClient.new(@krayin.url, @krayin.tokens.first)
    client.get_sources.find { |row| row["id"] == lead["lead_source_id"] }["name"]
  end

  def contact(word, *inboxes)
    who = @account.contacts.create!(name: word, email: "#{word.downcase}@sources.example")
    inboxes.each { |inbox| ContactInbox.create!(contact: who, inbox: inbox, source_id: "#{word}-#{inbox.id}") }
    run_all
    who
  end

  it "is the rule's of the first inbox, made where it is missing, else the usual one" do
    api, mail, chat = %w[Api Email WebWidget].map { |type| inbox(@account, type) }
    expect(source_of(contact("Jane", api, mail))).to eq("Phone")
    expect(source_of(contact("Hal", mail, api))).to eq("Post")
    expect(source_of(contact("Rae", chat))).to eq("Web")
    expect(source_of(contact("Zoe"))).to eq("Web")
  end
end
