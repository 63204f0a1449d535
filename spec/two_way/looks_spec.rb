# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "../chatwoot/support/two_way"

# What colleagues do in Krayin, seen with the contact in Chatwoot.
RSpec.describe "The lead where the agent works", :chatwoot do
  include TwoWay

  before(:context) { connect_both_ways("looks") }
  after(:context) { disconnect_both_ways }

  it "has an attribute each, in the account's language, with the stages to choose from" do
    made = CustomAttributeDefinition.where(account_id: account.id, attribute_model: "contact_attribute").order(:id)
    told = made.map { |one| [one.attribute_key, one.attribute_display_type, one.attribute_display_name].join(": ") }
    expect(told).to eq([
                         "krayin_stage: list: Stage", "krayin_value: number: Lead value",
                         "krayin_owner: text: Lead owner", "krayin_pipeline: text: Pipeline",
                         "krayin_link: link: Lead in Krayin", "krayin_closing_date: date: Expected close",
                         "krayin_lost_reason: text: Lost because"
                       ])
    expect(made.first.attribute_values.first(6)).to eq(["New", "Follow Up", "Prospect", "Negotiation", "Won", "Lost"])
  end

  it "names them in the account's language, and makes none that is switched off" do
    other = Account.create!(name: "Outra", locale: "pt_BR").tap(&:enable_features!)
    mine = other.hooks.create!(app_id: "krayin", settings: krayin.settings(two_way: true, language: "en",
                                                                           two_way_attributes: "stage, closing date"))
    run_all
    made = CustomAttributeDefinition.where(account_id: other.id).pluck(:attribute_key, :attribute_display_name)
    expect(made).to contain_exactly(%w[krayin_stage Etapa], ["krayin_closing_date", "Fechamento previsto"])
    mine.destroy!
  end

  it "shows what a colleague has changed, and nothing of it comes back to Krayin" do
    who = contact
    look
    lead = lead_of(who)
    expect(shown(who)).to include("krayin_stage" => "New", "krayin_pipeline" => "Default Pipeline",
                                  "krayin_link" => "#{krayin.url[%r{\Ahttp://[^/]+}]}/admin/leads/view/#{lead["id"]}")
    change(lead, "move_lead", stage: "negotiation")
    change(lead, fields: { lead_value: 1250.5, expected_close_date: "2031-07-31", user_id: 1 })
    look
    expect(shown(who)).to include("krayin_stage" => "Negotiation", "krayin_value" => 1250.5,
                                  "krayin_closing_date" => "2031-07-31", "krayin_owner" => "Example Admin")
    krayin.forget_requests
    run_all
    KrayinSync::Chatwoot::SweepJob.enqueue(seconds: 600)
    run_all
    expect(krayin.requests).to eq([])
    who.update!(name: "Renamed #{who.id}")
    run_all
    expect(krayin.records.to_s).not_to include("krayin_", "Lead value")
  end

  it "shows the reason why a lead was lost, and of several leads the open one that was touched last" do
    who = contact
    first = lead_of(who)
    look
    change(first, "lose_lead", reason: "Too dear")
    look
    expect(shown(who)).to include("krayin_stage" => "Lost", "krayin_lost_reason" => "Too dear")
    client = KrayinSync::Api::LeadClient.new(krayin.url, krayin.tokens.first)
    second = client.create_lead({ title: "Second", lead_value: 7, lead_source_id: 1, lead_type_id: 1,
                                  person_id: link(who).person_id, lead_pipeline_stage_id: 2 })
    look
    expect(shown(who)).to include("krayin_stage" => "Follow Up", "krayin_value" => 7)
    expect(shown(who)).not_to have_key("krayin_lost_reason")
    change(second, "win_lead")
    look
    look
    expect(shown(who)["krayin_stage"]).to eq("Won")
    change(first, "reopen_lead")
    look
    expect(shown(who)["krayin_stage"]).to eq("New")
  end

  it "clears what it showed of a lead that was deleted, and shows the contact's other one" do
    who = contact
    other = contact
    look
    client = KrayinSync::Api::LeadClient.new(krayin.url, krayin.tokens.first)
    client.create_lead({ title: "Second", lead_value: 7, lead_source_id: 1, lead_type_id: 1, lead_pipeline_stage_id: 2,
                         person_id: link(other).person_id })
    look
    [who, other].each { |one| change(lead_of(one), "delete_lead") }
    3.times { look }
    expect(shown(who)).to eq({})
    expect(shown(other)["krayin_stage"]).to eq("New")
    who.update!(custom_attributes: who.custom_attributes.merge("plan" => "gold"))
    look
    expect(who.reload.custom_attributes).to eq("plan" => "gold")
  end

  it "knows a stage that somebody has just made" do
    who = contact
    look
    id = krayin.add_pipeline("Partners #{who.id}", "Handshake")
    stage = krayin_stages(id).first
    client = KrayinSync::Api::LeadClient.new(krayin.url, krayin.tokens.first)
    client.create_lead({ title: "Partner", lead_value: 1, lead_source_id: 1, lead_type_id: 1, lead_pipeline_id: id,
                         lead_pipeline_stage_id: stage["id"], person_id: link(who).person_id })
    2.times { look }
    expect(shown(who)).to include("krayin_stage" => "Handshake", "krayin_pipeline" => "Partners #{who.id}")
    stages = CustomAttributeDefinition.find_by!(account_id: account.id, attribute_key: "krayin_stage").attribute_values
    expect(stages).to include("New", "Handshake")
  end

  def krayin_stages(pipeline)
    KrayinSync::Api::LeadClient.new(krayin.url, krayin.tokens.first).get_stages(pipeline)
  end

  describe "at what price" do
    def requests
      krayin.forget_requests
      yield
      krayin.requests.size
    end

    it "costs a request a look, however many have changed" do
      people = Array.new(20) { contact }
      3.times { look }
      expect(requests { look }).to eq(1)
      people.each { |who| change(lead_of(who), "move_lead", stage: "prospect") }
      expect(requests { look }).to eq(1)
      expect(people.map { |who| shown(who)["krayin_stage"] }.uniq).to eq(["Prospect"])
    end

    it "looks less often where nothing changes, and soon again where something does" do
      who = contact
      3.times { look }
      pauses = Array.new(8) do
        look
        looks.find_by!(hook_id: hook.id).pause
      end
      expect(pauses.last).to eq(900)
      expect(pauses).to eq(pauses.sort)
      change(lead_of(who), "move_lead", stage: "prospect")
      look
      expect(looks.find_by!(hook_id: hook.id).pause).to eq(30)
    end

    it "asks nothing while the connection does not work, and after it nothing is missing" do
      who = contact
      2.times { look }
      change(lead_of(who), "move_lead", stage: "prospect")
      krayin.faults({ method: "GET", path: "/leads", action: "status", status: 503, times: "forever" })
      look
      krayin.heal
      Sidekiq.redis { |redis| redis.call("KEYS", "krayin_sync:breaker:*").each { |key| redis.call("DEL", key) } }
      look
      expect(shown(who)["krayin_stage"]).to eq("Prospect")
    end
  end

  it "asks nothing more of a contact that is linked no more" do
    who = contact
    3.times { look }
    link(who).delete
    KrayinSync::Chatwoot::ShownLead.unread(hook.id)
    3.times { look }
    krayin.forget_requests
    look
    expect(krayin.requests.size).to eq(1)
    expect(KrayinSync::Chatwoot::ShownLead.exists?(contact_id: who.id)).to be(false)
    who.delete # or another example's sweep finds it, which Krayin has and no link
  end

  it "goes through all links at first and once an hour, for those that nobody has told of" do
    who = contact
    3.times { look }
    KrayinSync::Chatwoot::ShownLead.where(contact_id: who.id).delete_all
    who.update_columns(custom_attributes: {})
    look
    expect(shown(who)).to eq({})
    row = looks.find_by!(hook_id: hook.id)
    row.update!(cursor: row.cursor.merge("linked_at" => Time.now.to_i - 3700))
    look
    expect(shown(who)["krayin_stage"]).to eq("New")
  end

  it "looks soon where a contact has just got its lead" do
    2.times { look }
    looks.where(hook_id: hook.id).update_all(next_at: Time.now.utc + 900, looked_at: Time.now.utc - 900)
    who = contact
    KrayinSync::Chatwoot::LookJob.enqueue_due
    run_all
    expect(shown(who)["krayin_stage"]).to eq("New")
  end

  it "shows nothing where it is switched off, and everything once it is on" do
    other = Account.create!(name: "Off").tap(&:enable_features!)
    mine = other.hooks.create!(app_id: "krayin", settings: krayin.settings)
    run_all
    who = other.contacts.create!(name: "Off", email: "off#{other.id}@two.example")
    run_all
    KrayinSync::Chatwoot::LookJob.enqueue_due
    run_all
    expect([who.reload.custom_attributes, CustomAttributeDefinition.where(account_id: other.id).count]).to eq([{}, 0])
    mine.reload.update!(settings: mine.settings.merge("two_way" => true))
    run_all
    KrayinSync::Chatwoot::LookJob.enqueue_due
    run_all
    expect(who.reload.custom_attributes).to include("krayin_stage" => "New")
    mine.destroy!
  end
end
