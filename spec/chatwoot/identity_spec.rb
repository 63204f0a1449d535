# frozen_string_literal: true

require_relative "support/small_chatwoot"

RSpec.describe "Whom a Chatwoot's contacts are", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    @krayin = Krayin.new(SmallChatwoot.servers, "identity", throttle: false)
    @sidekiq = SmallChatwoot.sidekiq(MESSAGE_DELAY: 0.2)
    @account, @hook = connect(@krayin)
    eventually { @hook.reload.settings["traits"] }
  end

  after(:context) do
    servers.end_process(@sidekiq)
    @krayin.stop
  end

  let(:krayin) { @krayin }

  def contact(name, **fields) = @account.contacts.create!(name: name, **fields)

  def link(record) = KrayinSync::Records::Link.find_by(kind: "contact", record_id: record.id)

  def named(name) = krayin.records["persons"].select { |person| person["name"] == name }

  it "brings a contact of each network over once it has a conversation, with where it is found" do
    networks = { "Telegram" => "@tom", "Instagram" => "@tom", "Line" => "line-", "Tiktok" => "@tom" }
    networks.each do |type, shown|
      word = type == "Line" ? {} : { "social_#{type.downcase}_user_name" => "tom" }
      tom = contact("#{type} Tom", additional_attributes: word)
      settle
      expect(named("#{type} Tom")).to eq([])
      conversation(tom, inbox(@account, type))
      settle
      expect(named("#{type} Tom").map { |person| person["job_title"] }).to match([include(shown)])
      tom.update!(email: "#{type.downcase}@acme.example")
      settle
      expect(named("#{type} Tom").map { |person| person["emails"].map { |entry| entry["value"] } })
        .to eq([["#{type.downcase}@acme.example"]])
    end
    notes = krayin.records["activities"].map { |activity| activity["comment"].to_s }
    expect(notes).to include(include("https://t.me/tom"), include("https://www.instagram.com/tom"))
  end

  it "brings no visitor over who only says who he is" do
    eve = contact("Eve", identifier: "4711", additional_attributes: { "social_telegram_user_id" => 4711 })
    conversation(eve, inbox(@account, "WebWidget"))
    settle
    expect([named("Eve"), link(eve)&.person_id]).to eq([[], nil])
  end

  it "keeps who is doubtful with both, and goes on when a person has decided" do
    alice = contact("Alice Roe", email: "alice@acme.example", phone_number: "+14155550171")
    settle
    # Chatwoot has a number once in an account.
    other = Account.create!(name: "Other").tap(&:enable_features!)
    hook = other.hooks.create!(app_id: "krayin", settings: krayin.settings(0))
    eventually { hook.reload.settings["traits"] }
    carl = other.contacts.create!(name: "Carl Poe", phone_number: "+14155550171")
    settle
    expect(link(carl)).to have_attributes(state: "doubtful", reason_code: "doubtful", person_id: nil)
    expect(link(carl).reason_params).to eq("contact" => carl.id, "persons" => [link(alice).person_id])
    KrayinSync.decide(link(carl), :another)
    settle
    expect(link(carl)).to have_attributes(state: "synced")
    expect(link(carl).person_id).not_to eq(link(alice).person_id)
    expect(named("Carl Poe").size).to eq(1)
    expect { KrayinSync.decide(link(carl), :same) }.to raise_error(KrayinSync::DecisionError)
  end
end
