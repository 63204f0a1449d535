# frozen_string_literal: true

require_relative "support/one_krayin"

# Rules that name what is not there say so when they are saved, and when the server is looked at again.
RSpec.describe "Names in rules", :chatwoot do
  include_context "with one Krayin", "names"

  before(:context) do
    @inbox = inbox(@account)
    Label.create!(title: "vip", account_id: @account.id)
    Team.create!(name: "Sales", account_id: @account.id)
    ann = User.create!(name: "Ann Lee", email: "ann@names.example")
    Label.connection.execute("INSERT INTO account_users (account_id, user_id, created_at, updated_at) " \
                             "VALUES (#{@account.id}, #{ann.id}, now(), now())")
    User.create!(name: "Elsewhere", email: "elsewhere@names.example")
    run_all
  end

  def missing(**settings)
    given = @krayin.settings.merge(settings.transform_keys(&:to_s))
    rules = KrayinSync::Chatwoot::RuleNames.new(@account.id, given)
    rules.missing.map { |reason| reason.to_h["params"].values_at("setting", "what", "entered") }
  end

  it "finds each kind of name, in either case and with odd spaces, and no other rule" do
    there = ["label VIP -> won", "contact label vip removed -> New, back", "team  sales -> Prospect",
             "agent ANN lee -> Prospect", "agent ann@names.example -> Prospect", "inbox #{@inbox.id} -> Prospect",
             "inbox api  inbox -> Prospect", "agent -> Prospect", "team -> Prospect", "resolved -> won",
             "csat 5 -> won", "attribute team = Nobody -> won", "priority urgent -> won"]
    not_there = { "label hot" => %w[label hot], "contact label hot removed" => %w[label hot],
                  "team Ops" => %w[team Ops], "inbox 0" => %w[inbox 0],
                  "agent elsewhere@names.example" => %w[agent elsewhere@names.example],
                  "inbox Web shop" => ["inbox", "Web shop"] }
    expect(missing(stage_progression_enabled: true, stage_rules: there.join("; "))).to eq([])
    not_there.each do |cause, named|
      told = missing(stage_progression_enabled: true, stage_rules: "#{cause} -> won; label vip -> won")
      expect(told).to eq([["stage_rules", *named]]), cause
    end
    expect(missing(stage_progression_enabled: false, stage_rules: "label hot -> won")).to eq([])
    expect(missing(stage_rules: "nonsense")).to eq([])
  end

  it "looks at the lists of who gets a lead and at inboxes of sources, where they count" do
    expect(missing(lead_policy: "on_label", lead_labels: "vip, hot", lead_inboxes: "x"))
      .to eq([%w[lead_labels label hot]])
    expect(missing(lead_policy: "by_inbox", lead_inboxes: ["Api inbox", "Shop"])).to eq([%w[lead_inboxes inbox Shop]])
    expect(missing(lead_sources: "inbox Shop = a = b; inbox Api inbox = Web; channel x = y"))
      .to eq([["lead_sources", "inbox", "Shop = a"]])
  end

  it "says so when they are saved, and no longer once a look finds them" do
    @hook.update!(settings: { "stage_progression_enabled" => true,
                              "stage_rules" => "label hot -> Prospect; team sales -> Nowhere" })
    told = @hook.reload.settings["setup_warnings"]
    expect(told).to include('stage_rules names the label "hot", which this account does not have.')
    expect(told).to include('Krayin has no stage "Nowhere"')
    expect(@hook.app.description_for(@hook)).to include(told)
    Label.create!(title: "hot", account_id: @account.id)
    KrayinSync::Chatwoot::SetupJob.new.perform("hook_id" => @hook.id)
    expect(@hook.reload.settings["setup_warnings"]).to match(/\AKrayin has no stage "Nowhere"[^"]*\z/)
    @hook.update!(settings: { "stage_rules" => "label hot -> Prospect", "language" => "pt" })
    expect(@hook.reload.settings).not_to include("setup_warnings")
    Label.where(title: "hot").delete_all
    KrayinSync::Chatwoot::SetupJob.new.perform("hook_id" => @hook.id)
    expect(@hook.reload.settings["setup_warnings"]).to eq('stage_rules cita a etiqueta "hot", que esta conta não tem.')
  end
end
