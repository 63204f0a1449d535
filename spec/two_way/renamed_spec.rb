# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "../chatwoot/support/two_way"

# What is called otherwise in Krayin from some day on, where no lead has changed.
RSpec.describe "Names that change in Krayin", :chatwoot do
  include TwoWay

  before(:context) { connect_mapped("renamed", two_way_lines: true) }
  after(:context) { disconnect_both_ways }

  # As the set-up does each hour, and when a lead has what it has not seen.
  def learn
    KrayinSync::Chatwoot::SetupJob.enqueue(hook.id)
    run_all
    hook.reload
  end

  def definition(key)
    CustomAttributeDefinition.find_by!(account_id: account.id, attribute_model: "contact_attribute", attribute_key: key)
  end

  def options = hook.settings["traits"]["attributes"].find { |row| row["code"] == "tier" }["options"].to_h.invert

  # As if Krayin had called an option so until now.
  def called_before(name, before)
    rows = hook.settings["traits"]["attributes"].map do |row|
      next row unless row["code"] == "tier"

      { **row, "options" => row["options"].map { |id, option| [id, option == name ? before : option] } }
    end
    hook.update_columns(settings: hook.settings.merge("traits" => hook.settings["traits"].merge("attributes" => rows)))
    KrayinSync::Chatwoot::AttributeDefinitions.make(hook)
    definition("tier").then { |one| one.update!(attribute_values: one.attribute_values - [name]) }
  end

  it "shows an option's new name, and lets nobody choose the old one" do
    gold = options.fetch("Gold")
    called_before("Gold", "Bronze")
    own = definition("tier")
    own.update!(attribute_values: own.attribute_values + ["The account's own"])
    who = spoken_with
    change(lead_of(who), fields: { tier: gold })
    2.times { look }
    expect(who.reload.custom_attributes["tier"]).to eq("Bronze")
    rest = krayin.requests.size
    learn
    2.times { look }
    expect(who.reload.custom_attributes["tier"]).to eq("Gold")
    expect(definition("tier").attribute_values).to contain_exactly("Gold", "Free Trial", "The account's own")
    expect([told(who), krayin.requests.drop(rest).map { |one| one["method"] }.uniq]).to eq([[], ["GET"]])
  end

  it "lets an old name be chosen where another of the account's Krayins has an option of that name" do
    called_before("Gold", "Bronze")
    other = KrayinSync::Chatwoot::HookSettings.new("krayin", hook.settings.deep_dup)
    allow(other).to receive_messages(id: hook.id + 1)
    allow(KrayinSync::Chatwoot::HookSettings).to receive(:hooks).and_return([hook, other])
    learn
    expect(definition("tier").attribute_values).to include("Bronze", "Gold")
  end

  it "keeps what could be chosen until the new names are kept as well" do
    called_before("Gold", "Bronze")
    expect_death(:AttributeDefinitions, :make, after: false) { learn }
    expect([hook.reload.then { options.keys }, definition("tier").attribute_values]).to all(include("Bronze"))
    learn
    expect(definition("tier").attribute_values).not_to include("Bronze")
  end

  it "shows a stage's new name, which nobody has moved the lead to" do
    who = spoken_with
    other = spoken_with
    change(lead_of(who), "move_lead", stage: "follow-up")
    2.times { look }
    krayin.change({ change: "edit_stage", stage: "follow-up", fields: { name: "Called back" } })
    learn
    3.times { look }
    expect([shown(who)["krayin_stage"], shown(other)["krayin_stage"]]).to eq(["Called back", "New"])
    expect(definition("krayin_stage").attribute_values).to start_with("New", "Called back", "Prospect")
    expect([told(who), told(other)]).to eq([["A colleague moved the lead to Follow Up in Krayin."], []])
    change(lead_of(who), "move_lead", stage: "prospect")
    look
    expect(told(who).last).to eq("A colleague moved the lead to Prospect in Krayin.")
  end
end
