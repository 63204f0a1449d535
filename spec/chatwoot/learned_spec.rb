# frozen_string_literal: true

require_relative "support/one_krayin"

# What was learned of a Krayin changes with it: stages are added, renamed and reordered, servers upgraded.
RSpec.describe "What was learned of a Krayin", :chatwoot do
  include_context "with one Krayin", "learned", stage_progression_enabled: true,
                                                stage_on_conversation_created: "Prospect"

  before(:context) { @learned = @hook.reload.settings["traits"].deep_dup }

  before { name_stage("Prospect") }

  def hook = @hook.reload

  # As it was learned before the stages got other names and places, and the server another version.
  def outdate(**changes)
    traits = hook.settings["traits"].deep_dup
    traits["pipelines"].each do |pipeline|
      pipeline["stages"].reverse!.each { |stage| stage.merge!("name" => "Old", "code" => "old-#{stage["id"]}") }
    end
    traits.merge!("no_phone" => "placeholder", "email_required" => false, "utc_offset_minutes" => 60, "stages_at" => 1)
    hook.update_columns(settings: hook.settings.merge("traits" => traits.merge(changes.transform_keys(&:to_s))))
  end

  def name_stage(name)
    hook.update_columns(settings: hook.settings.merge("stage_on_conversation_created" => name))
  end

  def sweep = KrayinSync::Chatwoot::Sweep.new(since: Time.now - 60, hooks: Integrations::Hook.where(id: hook.id)).run

  it "is learned anew within an hour by the sweep, and not before" do
    learned = @learned
    outdate(learned_at: Time.now.to_i - 600)
    expect(sweep).not_to include(setup: 1)
    outdate(learned_at: Time.now.to_i - 4000)
    expect(sweep).to include(setup: 1)
    run_all
    now = hook.settings["traits"]
    expect(now.slice("pipelines", "email_required", "no_phone"))
      .to eq(learned.slice("pipelines", "email_required", "no_phone"))
    # What no set-up can ask for stays.
    expect(now["utc_offset_minutes"]).to eq(60)
    expect(hook.settings["stage_on_conversation_created"]).to eq("Prospect")
  end

  it "tells the administrator what is at stake for yes/no attributes" do
    expect(KrayinSync::Chatwoot::StandingWords.of(hook)).not_to include("yes/no")
    vip = { "entity_type" => "persons", "code" => "vip", "name" => "VIP", "type" => "boolean" }
    hook.update_columns(settings: hook.settings.merge("traits" => @learned.merge("attributes" => [vip])))
    expect(KrayinSync::Chatwoot::StandingWords.of(hook))
      .to include("The connection works", "(persons.vip)", "on_yes_no is carry")
    hook.update_columns(settings: hook.settings.merge("on_yes_no" => "leave_out"))
    expect(KrayinSync::Chatwoot::StandingWords.of(hook)).to include("on_yes_no is leave_out")
  ensure
    hook.update_columns(settings: hook.settings.except("on_yes_no").merge("traits" => @learned))
  end

  it "goes on without an attribute that is mapped and gone from Krayin, and says so" do
    client = KrayinSync::Api::AttributeClient.new(@krayin.url, @krayin.tokens.first)
    made = %w[gone stays].to_h do |code|
      [code, client.create_attribute(code: code, name: code.capitalize, type: "text", entity_type: "persons")["id"]]
    end
    hook.update!(settings: { "field_mapping" => "person.gone = plan, person.stays = notes" })
    client.delete("settings/attributes/#{made["gone"]}")
    2.times { KrayinSync::Chatwoot::SetupJob.new.perform("hook_id" => hook.id) }
    expect(KrayinSync::Chatwoot::StandingWords.of(hook)).to match(/works.*no longer has person\.gone, or/)
    account.contacts.create!(name: "Ron", email: "ron@learned.example", custom_attributes: { plan: "a", notes: "b" })
    run_all
    expect(@krayin.person("ron@learned.example")).to include("stays" => "b")
    # Nor does it keep an administrator from saving something else.
    hook.update!(settings: { "sync_messages" => false })
    expect(hook.settings).to include("sync_messages" => false, "setup_warnings" => /person\.gone/)
  ensure
    hook.update!(settings: { "field_mapping" => nil })
  end

  it "is saved by two at once without either's change being lost" do
    saves = [{ "sync_messages" => false }, { "on_closed" => "new_lead" }, { "lead_policy" => "never" }]
    one = hook
    records = saves.map { Integrations::Hook.find(one.id) }
    # As a browser has it that sends all, and as one that sends what it changes.
    records.zip(saves).each_with_index.map do |(record, change), n|
      Thread.new do
        Integrations::Hook.connection_pool.with_connection do
          record.update!(settings: n.zero? ? record.settings.merge(change) : change)
        end
      end
    end.each(&:join)
    expect(hook.settings).to include(saves.reduce(:merge))
    expect(hook.settings).to include("traits", "api_token")
  ensure
    hook.update!(settings: { "sync_messages" => nil, "on_closed" => nil, "lead_policy" => nil })
  end

  it "is kept where an event met another server than was known" do
    outdate
    contact = account.contacts.create!(name: "Pia", email: "pia@learned.example")
    run_all
    conversation(contact, inbox(account))
    run_all
    stages = hook.settings.dig("traits", "pipelines", 0, "stages").map { |stage| stage["name"] }
    expect(stages.first(3)).to eq(["New", "Follow Up", "Prospect"])
    lead = @krayin.records["leads"].find { |known| known["title"] == "Pia" }
    expect(lead["lead_pipeline_stage_id"]).to eq(3)
  end

  it "does not let a rule that names nothing pass for fired" do
    name_stage("Nowhere")
    contact = account.contacts.create!(name: "Quin", email: "quin@learned.example")
    run_all
    talk = conversation(contact, inbox(account))
    run_all
    link = KrayinSync::Records::Link.find_by!(kind: "conversation", record_id: talk.id)
    expect(link.fired_rules).not_to include("created")
    name_stage("Negotiation")
    talk.update!(priority: :high)
    run_all
    lead = @krayin.records["leads"].find { |known| known["title"] == "Quin" }
    expect(lead["lead_pipeline_stage_id"]).to eq(4)
    expect(link.reload.fired_rules).to include("created")
  end
end
