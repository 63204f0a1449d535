# frozen_string_literal: true

require_relative "support/small_chatwoot"

# The settings of a connection, changed on the page while it works.
RSpec.describe "The settings of a connection that works", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    @krayin = Krayin.new(SmallChatwoot.servers, "settings", throttle: false)
  end

  after(:context) { @krayin.stop }

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    Rails.cache.clear
    @krayin.heal
    @account, @hook = connect(@krayin, name: "Sales")
    run_all
  end

  after { Integrations::Hook.where(account_id: @account.id).delete_all }

  def hook = Integrations::Hook.find(@hook.id)
  def form = KrayinSync::Chatwoot::SettingsForm.new(hook)
  def field(key) = form.to_h[:fields].find { |one| one[:key] == key }

  it "are told with what they mean, in the reader's language, the names to choose from, and never the token" do
    told = form.to_h
    expect(told[:fields].map { |one| one[:key] }).to include("api_url", "lead_pipeline_id", "stage_rules")
    expect(field("api_token").slice(:kind, :set, :value)).to eq(kind: "secret", set: true)
    expect(told.to_json).not_to include(*hook.settings["api_token"].split)
    expect(field("lead_policy")[:options]).to include(include("value" => "never"))
    I18n.with_locale(:es) { expect(field("sync_messages")[:label]).to eq("Sincronizar mensajes") }
    lists = told[:lists]
    expect(lists[:pipelines].first["stages"].map { |stage| stage["code"] }).to include("new", "won")
    expect(lists[:sources]).to include(include(:id, name: /\w/))
    expect(lists.values_at(:types, :users)).to all(be_any)
    known = [{ "entity_type" => "leads", "code" => "plan", "type" => "text" }]
    KrayinSync::Chatwoot::HookSettings.put(hook, %w[traits attributes], known)
    expect(form.to_h[:lists][:attributes]).to eq(["lead.plan"])
  end

  it "are saved as they are checked, and what is not given stays" do
    pipeline = form.to_h[:lists][:pipelines].first
    stage = pipeline["stages"][1]
    before = hook.settings
    expect(form.save("lead_pipeline_stage_id" => stage["id"].to_s, "sync_messages" => true, "api_token" => "",
                     "lead_policy" => "never")).to eq([])
    expect(hook.settings).to include("lead_pipeline_stage_id" => stage["id"], "sync_messages" => true,
                                     "lead_policy" => "never", **before.slice("api_url", "api_token", "name"))
    expect(field("sync_messages")[:value]).to be(true)
    expect(form.save("lead_policy" => "", "sync_messages" => false)).to eq([])
    expect(hook.settings.slice("lead_policy", "sync_messages")).to eq("sync_messages" => false)
  end

  it "are refused with each problem beside its field, and nothing is saved" do
    before = hook.settings
    wrong = form.save("lead_policy" => "whoever", "field_mapping" => "zzz", "stage_rules" => "??")
    expect(wrong.map { |one| one[:key] }).to contain_exactly("lead_policy", "field_mapping", "stage_rules")
    expect(wrong.map { |one| one[:message] }).to all(match(/\w/))
    {
      "lead_source_id" => "Nowhere", "lead_pipeline_stage_id" => "Nowhere", "stage_on_first_response" => "Nowhere",
      "api_token" => "9|none", "route_inboxes" => "Nowhere", "route_countries" => "Xland"
    }.each do |key, value|
      expect(form.save(key => value)).to match([include(key: key, message: /\w/)]), key
    end
    # Another address wants its own token.
    expect(form.save("api_url" => "ftp://x", "api_token" => "1|x")).to match([include(key: "api_url")])
    expect(form.save("api_url" => "https://crm.example.com")).to match([include(key: "api_token")])
    Integrations::Hook.insert!({ account_id: @account.id, app_id: "krayin", created_at: Time.now, updated_at: Time.now,
                                 settings: { "name" => "Support", "api_url" => "https://other.example" } })
    expect(form.save("name" => "support")).to match([include(key: "name")])
    expect(hook.settings).to eq(before)
  end

  it "take nothing that is not an administrator's" do
    expect(form.save("traits" => { "instance" => "x" }, "setup_error" => "x", "shares_with" => 1)).to eq([])
    expect(hook.settings).to eq(@hook.reload.settings)
    expect(hook.settings.dig("traits", "instance")).not_to eq("x")
  end

  it "are shown without Krayin's lists where it does not answer" do
    @krayin.faults({ method: "GET", path: "*", action: "status", status: 503, times: "forever" })
    expect(form.to_h[:lists]).to include(sources: nil, types: nil, users: nil, pipelines: be_any)
  end
end
