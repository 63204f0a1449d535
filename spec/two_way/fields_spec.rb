# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "../chatwoot/support/two_way"

# Value, closing date and owner of a lead, where agents may set them.
RSpec.describe "What agents write into a lead", :chatwoot do
  include TwoWay

  before(:context) { connect_both_ways("fields", two_way_writes: "value, owner, closing date") }
  after(:context) { disconnect_both_ways }
  after { krayin.heal }

  let(:who) do
    contact.tap do |one|
      conversation(one, inbox(account))
      run_all
      look
    end
  end

  def fields(contact)
    lead = krayin_lead(lead_of(contact)["id"])
    [lead["lead_value"].to_f, lead.dig("user", "name"), lead["expected_close_date"]&.then { |at| Time.parse(at) }]
  end

  # As its API answers it.
  def krayin_lead(id) = KrayinSync::Api::LeadClient.new(krayin.url, krayin.tokens.first).get_lead(id)

  def closes(contact) = shown(contact)["krayin_closing_date"]

  it "writes value, owner and closing date, each as pages and programs send it" do
    { "1250.5" => 1250.5, 1300 => 1300, "7" => 7, 0.1 => 0.1, 99_999_999 => 99_999_999 }.each do |sent, value|
      set(who, krayin_value: sent)
      run_all
      expect([sent, fields(who).first, shown(who)["krayin_value"]]).to eq([sent, value, value])
    end
    { "2031-07-31" => "2031-07-31", "2031-01-15T00:00:00.000Z" => "2031-01-15",
      "2031-03-01T03:00:00.000Z" => "2031-03-01", "2031-06-29T22:00:00.000Z" => "2031-06-30",
      "2031-12-30T11:00:00.000Z" => "2031-12-31" }.each do |sent, day|
      set(who, krayin_closing_date: sent)
      run_all
      expect([sent, closes(who)]).to eq([sent, day])
    end
    owners = { "Bridge 1" => "Bridge 1", "admin@example.com" => "Example Admin", " bridge 1 " => "Bridge 1" }
    owners.each do |sent, name|
      set(who, krayin_owner: sent)
      run_all
      expect([sent, fields(who)[1], shown(who)["krayin_owner"]]).to eq([sent, name, name])
    end
    look
    expect(fields(who).first(2)).to eq([99_999_999, "Bridge 1"])
    expect([closes(who), told(who)]).to eq(["2031-12-31", []])
  end

  it "writes them together with the stage, and takes nothing else of the lead away" do
    change(lead_of(who), fields: { expected_close_date: "2031-07-31", user_id: 1, description: "By a colleague" })
    look
    before = krayin_lead(lead_of(who)["id"])
    set(who, krayin_value: 5, krayin_stage: "Negotiation")
    run_all
    after = krayin_lead(lead_of(who)["id"])
    expect(after).to include(before.slice("title", "description", "expected_close_date", "user", "closed_at"))
    expect(after).to include("lead_pipeline_stage_id" => 4, "lead_value" => "5.0000")
    expect(shown(who)).to include("krayin_stage" => "Negotiation", "krayin_value" => 5,
                                  "krayin_owner" => "Example Admin", "krayin_closing_date" => "2031-07-31")
  end

  it "costs three requests, one more for an owner, and none for what is there already" do
    who
    krayin.forget_requests
    set(who, krayin_value: 11)
    run_all
    expect(krayin.requests.size).to eq(3)
    set(who, krayin_owner: "Bridge 1")
    run_all
    expect(krayin.requests.size).to eq(7)
    set(who, krayin_value: "11.0")
    run_all
    expect([krayin.requests.size, shown(who)["krayin_value"]]).to eq([7, 11])
  end

  it "takes a closing date away where an agent takes it away, and nothing else" do
    set(who, krayin_closing_date: "2031-07-31", krayin_value: 9, krayin_owner: "Bridge 1")
    run_all
    expect(closes(who)).to eq("2031-07-31")
    as_agent do
      %w[krayin_closing_date krayin_value krayin_owner].each do |key|
        who.reload.update!(custom_attributes: who.custom_attributes.except(key))
      end
    end
    run_all
    look
    expect(fields(who)).to eq([9, "Bridge 1", nil])
    expect(shown(who)).to include("krayin_value" => 9, "krayin_owner" => "Bridge 1")
    expect(closes(who)).to be_nil
  end

  it "clears nothing by a record that was read before it was shown" do
    stale = Contact.find(who.id)
    change(lead_of(who), fields: { expected_close_date: "2031-07-31" })
    look
    as_agent { stale.update!(custom_attributes: stale.custom_attributes.merge("plan" => "gold")) }
    run_all
    expect([closes(who), who.reload.custom_attributes["plan"]]).to eq(%w[2031-07-31 gold])
  end

  { { krayin_value: "1.500,00" } => "an amount has digits", { krayin_value: -1 } => "an amount has digits",
    { krayin_value: "1e3" } => "an amount", { krayin_value: 100_000_000 } => "an amount",
    { krayin_value: "0.00001" } => "an amount", { krayin_value: [1] } => "an amount",
    { krayin_closing_date: "tomorrow" } => "no date", { krayin_closing_date: "2031-02-30" } => "no date",
    { krayin_closing_date: "2031-13-01T00:00:00Z" } => "no date", { krayin_closing_date: 5 } => "no date",
    { krayin_owner: "Nobody" } => "no such user", { krayin_owner: 7 } => "no such user" }.each do |wish, sentence|
    it "puts #{wish} back and says so, without a write" do
      expect_put_back(who, wish, sentence) { [fields(who), shown(who)] }
    end
  end

  it "puts back what Krayin refuses and says so; of several it is that one alone" do
    krayin.faults({ method: "PUT", path: "/leads/attributes/edit/*", action: "status", status: 422, times: 2 })
    set(who, krayin_value: 12, krayin_closing_date: "2031-05-05")
    run_all
    expect(told(who)).to contain_exactly(a_string_including("Lead value", "did not take it"))
    expect([shown(who)["krayin_value"], closes(who)]).to eq([0, "2031-05-05"])
  end

  it "keeps what a colleague has changed meanwhile, brings the rest, and says so" do
    set(who, krayin_value: 12, krayin_owner: "Bridge 1")
    change(lead_of(who), fields: { lead_value: 77 })
    run_all
    expect(fields(who).first(2)).to eq([77, "Bridge 1"])
    expect(shown(who)).to include("krayin_value" => 77, "krayin_owner" => "Bridge 1")
    expect(told(who)).to contain_exactly(a_string_including("Lead value", "changed in Krayin", "77"))
  end

  # What sets which of them is of no account.
  { krayin_value: 5, krayin_owner: "Bridge 1", krayin_closing_date: "2031-05-05" }.each do |key, value|
    it "puts #{key} back where no agent has written it" do
      before = [fields(who), shown(who)]
      other = contact(custom_attributes: { key.to_s => value })
      set(who, by: nil, key => value)
      set(who, by: AgentBot.create!(name: "Bot", account_id: account.id), key => value)
      as_agent do
        ContactMergeAction.new(account: account, base_contact: who.reload, mergee_contact: other).perform
      end
      KrayinSync::Chatwoot::LeadChange.distrusted { set(who, key => value) }
      who.reload.update_columns(custom_attributes: who.custom_attributes.merge(key.to_s => value),
                                updated_at: Time.current)
      run_all
      look
      expect([fields(who), shown(who), told(who)]).to eq([*before, []])
    end
  end

  it "lets agents write what the settings name alone, and nothing of what is not shown" do
    attributes = KrayinSync::Chatwoot::LeadAttributes
    moves = %w[krayin_stage krayin_lost_reason]
    of = ->(**settings) { attributes.settable({ "two_way" => true }.merge(settings.transform_keys(&:to_s))) }
    expect(of.call).to match_array(moves)
    expect(of.call(two_way_writes: "value")).to match_array([*moves, "krayin_value"])
    expect(of.call(two_way_writes: "Closing Date, krayin_owner, link")).to match_array(
      [*moves, "krayin_closing_date", "krayin_owner"]
    )
    expect(of.call(two_way_writes: "value", two_way_attributes: "stage, owner")).to eq(["krayin_stage"])
    expect(of.call(two_way: false, two_way_writes: "value")).to eq([])
    expect(attributes.not_settable("two_way_writes" => "value, link, stage")).to eq(["link"])
  end

  it "tells users of one name apart by their addresses" do
    users = [%w[Ann a@x], %w[Ann b@x], %w[Bo c@x], %w[ann d@x]].each.with_index(1).map do |(name, email), id|
      { "id" => id, "name" => name, "email" => email }
    end
    owners = ->(text) { KrayinSync::Chatwoot::LeadWish.owners(text, users) }
    expect(["Ann", "ann", "bo", "B@X", "", nil].map(&owners)).to eq([[1, 2], [4], [3], [2], [], []])
  end

  it "carries a yes/no attribute along, and writes nothing where the settings leave such a lead alone" do
    flag = { "entity_type" => "leads", "code" => "hot", "name" => "Hot", "type" => "boolean" }
    settings = hook.settings.deep_dup
    settings["traits"]["attributes"] = settings["traits"]["attributes"].to_a + [flag]
    hook.update_columns(settings: settings)
    who
    set(who, krayin_value: 31)
    run_all
    expect([fields(who).first, told(who)]).to eq([31, []])
    hook.update_columns(settings: settings.merge("on_yes_no" => "leave_out"))
    set(who, krayin_value: 32)
    run_all
    expect([fields(who).first, shown(who)["krayin_value"]]).to eq([31, 31])
    expect(told(who)).to contain_exactly(a_string_including("take other values"))
  ensure
    settings["traits"]["attributes"].delete(flag)
    hook.update_columns(settings: settings)
  end

  it "sends nothing of a contact that is kept out of Krayin" do
    KrayinSync::Chatwoot::LinkCare.new(hook.reload).keep_out("contact", who.id)
    before = shown(who)
    krayin.forget_requests
    set(who, krayin_stage: "Won", krayin_value: 5)
    run_all
    expect(krayin.requests).to eq([])
    look
    expect([shown(who), lead_of(who)["lead_pipeline_stage_id"]]).to eq([before, 1])
    expect(told(who)).to contain_exactly(a_string_including("Stage", "kept out"),
                                         a_string_including("value", "kept out"))
  end
end
