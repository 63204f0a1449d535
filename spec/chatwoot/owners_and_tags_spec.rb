# frozen_string_literal: true

require_relative "support/one_krayin"

# Who owns a person and a lead, and which tags they bear, by what happens in Chatwoot.
RSpec.describe "Owners and tags", :chatwoot do
  include_context "with one Krayin", "owners", owner_policy: "follow", label_tags: "person_and_lead"

  before(:context) { Label.create!(title: "vip", color: "#ff8800", account_id: @account.id) }

  def contact(word)
    @account.contacts.create!(name: word, email: "#{word.downcase}@owners.example")
  end

  def person(word) = @krayin.person("#{word.downcase}@owners.example")

  def lead_of(word)
    @krayin.records["leads"].find { |lead| lead["person_id"] == person(word)["id"] }
  end

  def tag_client = KrayinSync::Api::TagClient.new(@krayin.url, @krayin.tokens.first)

  def tags(record)
    names = tag_client.get_tags.to_h { |tag| tag.values_at("id", "name") }
    record["tag_ids"].map { |id| names.fetch(id) }.sort
  end

  it "gives person and lead to the user with the assigned agent's address" do
    talk = conversation(contact("Jane"), inbox(@account))
    run_all
    expect([person("Jane")["user_id"], lead_of("Jane")["user_id"]]).to eq([nil, nil])
    talk.update!(assignee: User.create!(name: "Bridge", email: "Bridge1@example.com"))
    run_all
    expect([person("Jane")["user_id"], lead_of("Jane")["user_id"]]).to eq([2, 2])
    expect(@krayin.records["activities"]).to eq([])
  end

  it "says with the link that nobody in Krayin has the agent's address" do
    who = contact("Hal")
    talk = conversation(who, inbox(@account))
    talk.update!(assignee: User.create!(name: "Nobody", email: "nobody@owners.example"))
    run_all
    link = KrayinSync::Records::Link.find_by!(kind: "contact", record_id: who.id)
    expect(link.reason_code).to eq("owner_unknown")
    expect(person("Hal")["user_id"]).to be_nil
  end

  it "puts labels on as tags of their colour, and takes them off again" do
    who = contact("Rae")
    talk = conversation(who, inbox(@account))
    run_all
    who.update!(label_list: %w[vip])
    talk.update!(label_list: %w[vip billing])
    run_all
    expect([tags(person("Rae")), tags(lead_of("Rae"))]).to eq([%w[billing vip], %w[billing vip]])
    expect(tag_client.find_tag("vip")["color"]).to eq("#ff8800")
    talk.update!(label_list: [])
    run_all
    expect([tags(person("Rae")), tags(lead_of("Rae"))]).to eq([%w[vip], %w[vip]])
    @krayin.forget_requests
    who.update!(name: "Rae")
    talk.update!(priority: 1)
    run_all
    expect(@krayin.requests).to eq([])
  end

  it "reads the colours of labels in one statement, and only where there are labels" do
    who = contact("Zoe")
    read = lambda {
      count = 0
      counting = ->(*, payload) { count += 1 unless payload[:name] == "SCHEMA" }
      ActiveSupport::Notifications.subscribed(counting, "sql.active_record") do
        KrayinSync::Chatwoot::EventData.read("contact", who.id, KrayinSync::Chatwoot::LinkStore.new,
                                             labels: true, sources: %w[contact.labels label.color])
      end
      count
    }
    without = read.call
    who.update!(label_list: %w[vip])
    expect(read.call).to eq(without + 1)
  end
end
