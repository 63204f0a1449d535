# frozen_string_literal: true

require_relative "support/small_chatwoot"

# What a backfill is said to take is what it takes, by whatever the connection makes of contacts and conversations.
RSpec.describe "A backfill's estimate", :chatwoot do
  before(:context) { SmallChatwoot.start }

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    backfill.delete_all
    KrayinSync::Chatwoot::BackfillLane.delete_all
    # Each simulated Krayin is taken for the one before.
    KrayinSync::Records::Link.delete_all
  end

  after do
    Integrations::Hook.where(id: @hook&.id).delete_all
    @krayin&.stop
  end

  let(:word) { "est#{rand(1_000_000)}" }
  let(:backfill) { KrayinSync::Chatwoot::Backfill }
  let(:hook) { @hook.reload }

  attr_reader :krayin, :account

  def connected(server: "2.1.0", **settings)
    @krayin = Krayin.new(SmallChatwoot.servers, word, server: server, throttle: false)
    @account, @hook = connect(@krayin, **settings)
    run_all
  end

  def fill(count, name: word, account: @account)
    rows = Array.new(count) do |n|
      { name: "#{name} #{n}", email: "#{name}-#{n}@past.example", account_id: account.id,
        created_at: 30.days.ago, updated_at: 30.days.ago,
        additional_attributes: block_given? ? yield(n) : {} }
    end
    Contact.where(id: Contact.insert_all(rows).rows.flatten).order(:id).to_a
  end

  def talks(contacts, box = inbox(account), **fields)
    contacts.map { |contact| conversation(contact, box, created_at: 20.days.ago, **fields) }.tap { clear }
  end

  # @return [Backfill]
  def expect_as_estimated(**choice)
    told = backfill.estimate(hook, **choice)
    krayin.forget_requests
    run = backfill.start(hook, **choice)
    run_all
    spent = krayin.requests.size
    expect(run.progress).to include(state: "done", done: told[:contacts], refused: 0, later: 0)
    expect(told[:requests]).to be_within(spent * 0.05).of(spent)
    expect(run.estimate["requests"]).to eq(told[:requests])
    run
  end

  it "counts both requests of a note, and one a message" do
    connected(sync_conversations: true, sync_messages: true)
    talks(fill(30)).each { |talk| 2.times { |n| message(talk, "Said #{n}", created_at: 20.days.ago) } }
    clear
    expect(expect_as_estimated).to have_attributes(conversations: 30, messages: 60)
    expect(backfill.estimate(hook)).to include(conversations: 0, messages: 0, requests: 0)
  end

  it "counts each conversation's own lead" do
    connected(lead_policy: "per_conversation")
    talks(fill(30))
    expect_as_estimated
    expect(krayin.records["leads"].size).to eq(30)
    expect(backfill.estimate(hook)).to include(conversations: 0, requests: 0)
  end

  it "counts the leads that labels make" do
    connected(lead_policy: "on_label", lead_labels: "VIP")
    contacts = fill(40)
    talks(contacts.first(20), label_list: %w[vip])
    contacts.last(5).each { |contact| contact.update!(label_list: %w[vip]) }
    clear
    expect_as_estimated
    expect(krayin.records["leads"].size).to eq(25)
  end

  it "counts the leads that an inbox makes" do
    connected(lead_policy: "by_inbox", lead_inboxes: "Email inbox")
    contacts = fill(40)
    talks(contacts.first(30), inbox(account, "Email"))
    talks(contacts.last(10))
    expect_as_estimated
    expect(krayin.records["leads"].size).to eq(30)
  end

  it "counts what moves leads along" do
    connected(stage_progression_enabled: true, stage_on_conversation_resolved: "won")
    contacts = fill(30)
    talks(contacts, status: :resolved)
    expect_as_estimated
    expect(krayin.records["leads"].map { |lead| lead["lead_pipeline_stage_id"] }.uniq.size).to eq(1)
  end

  it "counts what a Krayin of the documented dialect takes" do
    connected(server: "documented", sync_to_organization: true, sync_conversations: true)
    contacts = fill(110) { |n| n < 60 ? { company_name: "Company #{n % 6}" } : {} }
    talks(contacts.first(30))
    expect(hook.settings["api_dialect"]).to eq("documented")
    expect_as_estimated
  end

  it "counts the notes of where those are found who are known by their network alone" do
    connected
    contacts = fill(30) { |n| { social_telegram_user_name: "tom#{n}" } }
    Contact.where(id: contacts.map(&:id)).update_all(email: nil)
    talks(contacts, inbox(account, "Telegram"))
    expect_as_estimated
    expect(krayin.records["activities"].size).to eq(30)
  end

  def add_person(name, email, number)
    krayin.add_person(name: name, emails: [{ value: email, label: "work" }],
                      contact_numbers: [{ value: format("+1415555%04d", number), label: "work" }])
  end

  it "counts the leads that persons lack whom Krayin has" do
    connected
    fill(120).first(60).each_with_index { |contact, n| add_person(contact.name, contact.email, n) }
    run = expect_as_estimated
    expect(run).to have_attributes(created: 60, linked: 60)
    expect(krayin.records["leads"].size).to eq(120)
  end

  it "counts as changed who has something to be written, and asks nobody for that" do
    connected
    contacts = fill(40)
    backfill.start(hook)
    run_all
    # As each message does.
    Contact.where(id: contacts.map(&:id)).update_all("last_activity_at = now(), updated_at = now()")
    contacts.first(10).each_with_index { |one, n| one.update_columns(phone_number: format("+1415555%04d", n)) }
    krayin.forget_requests
    told = backfill.estimate(hook)
    expect(told).to include(known: 40, changed: 10, unchanged: 30, requests: 11)
    expect(krayin.requests).to eq([])
    run = backfill.start(hook)
    run_all
    expect(run.progress).to include(state: "done", updated: 10, unchanged: 30)
    expect(run.estimate["requests"]).to eq(told[:requests])
    stub_const("KrayinSync::Chatwoot::BackfillChanges::SOME", 10)
    Contact.where(id: contacts.map(&:id)).update_all("updated_at = now()")
    expect(backfill.estimate(hook)).to include(known: 40, changed: 0)
  end

  it "counts the budgets of those tokens that work" do
    connected
    fill(1)
    settings = hook.settings.merge("api_token" => "1|a 2|b 3|c", "tokens_refused" => "2",
                                   "traits" => hook.settings["traits"].merge("rate_headers" => true))
    hook.update_columns(settings: settings)
    expect(backfill.estimate(hook)).to include(per_minute: 120)
  end

  it "reads Krayin no more than is worth it, and says so" do
    connected
    # As tens of thousands would be beside a few hundred.
    stub_const("KrayinSync::Chatwoot::BackfillIndex::PAGE", 2)
    130.times { |n| add_person("Theirs #{n}", "theirs-#{n}@past.example", n) }
    fill(110)
    expect_as_estimated
  end

  it "counts those of its countries alone, and brings no others" do
    connected(route_countries: "PT")
    contacts = fill(60) { |n| { country_code: n < 20 ? "PT" : "ES" } }
    stub_const("KrayinSync::Chatwoot::BackfillWork::HAND", 7)
    expect(backfill.estimate(hook)).to include(contacts: 20, left_out: 40)
    expect(expect_as_estimated).to have_attributes(total: 20, created: 20, skipped: 0)
    names = krayin.records["persons"].map { |person| person["name"] }
    expect(names).to match_array(contacts.first(20).map(&:name))
  end

  it "counts no conversation that is another Krayin's" do
    connected(sync_conversations: true, sync_messages: true)
    contacts = fill(20)
    here = inbox(account)
    there = inbox(account, "Email")
    talks(contacts, here)
    talks(contacts, there).each { |talk| message(talk, "Theirs", created_at: 20.days.ago) }
    clear
    hook.update!(settings: hook.settings.merge("route_inboxes" => here.id.to_s))
    run_all
    expect(expect_as_estimated).to have_attributes(conversations: 20, messages: 0)
  end

  it "says how long it takes by the budget or the calls that are made at once, and by contacts where none is asked" do
    connected
    fill(40)
    told = backfill.estimate(hook)
    expect(told).to include(requests: 80, per_minute: 60, seconds: 80)
    hook.update_columns(settings: hook.settings.deep_merge("traits" => { "rate_headers" => false }))
    at_once = KrayinSync::Chatwoot::BackfillPace.most
    expect(backfill.estimate(hook)).to include(requests: 80, per_minute: nil, seconds: (8.0 / at_once).ceil)
    backfill.start(hook)
    run_all
    stub_const("KrayinSync::Chatwoot::BackfillEstimate::CONTACT", 0.3)
    expect(backfill.estimate(hook)).to include(requests: 0, seconds: 12)
  end
end
