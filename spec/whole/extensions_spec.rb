# frozen_string_literal: true

require_relative "support/connected"

# The documentation's examples of extensions, word for word, in an initializer of Chatwoot's.
RSpec.describe "Extensions", :whole do
  documented = File.read(File.expand_path("../../docs/ruby.md", __dir__), encoding: "UTF-8")
  # One that fails for one contact, beside them.
  broken = <<~RUBY
    KrayinSync.extend("broken") { |on| on.before_sync { |_, data| raise "x" if data.to_s.include?("bo@example") } }
  RUBY
  code = ["$stdout.sync = true", documented[/^KrayinSync\.extend\("scoring"\).*?^end$/m],
          documented[/^class ShopMapper.*?^KrayinSync\.configure.*?^end$/m], broken]

  before(:context) do
    @path = File.join(WholeChatwoot.folder, "opt/chatwoot/config/initializers/zz_documented.rb")
    File.write(@path, code.join("\n\n"))
    WholeChatwoot.command("restart", "sidekiq")
    WholeChatwoot.open_console
  end

  after(:context) do
    FileUtils.rm_f(@path)
    WholeChatwoot.command("restart", "sidekiq")
    WholeChatwoot.open_console
  end

  include_context "with a connected desk", "Extensions", sync_conversations: true

  def lead_of(person) = krayin.records["leads"].find { |lead| lead["person_id"] == person["id"] }

  it "map what is brought over, by a block and by a class, before it is fitted" do
    contact(name: "ida lee", email: "ida@example.com")
    contact(name: "Eva", email: "eva@shop.example")
    settle
    ida, eva = %w[ida@example.com eva@shop.example].map { |email| krayin.person(email) }
    expect(ida).to include("name" => "Ida lee", "job_title" => "Buyer")
    expect(lead_of(ida)).to include("title" => "Ida lee from the shop", "lead_value" => "1500.0000")
    expect(lead_of(eva)).to include("title" => "Eva from the shop", "lead_value" => "0.0000")
  end

  it "change a conversation's note, stand around each call, and hear of its end" do
    who = contact(name: "Una", email: "una@shop.example")
    talk(who, "Hello")
    settle
    expect(comments.join).to include("Handled by the <b>spring team</b>")
    person = krayin.person("una@shop.example")["id"]
    expect(WholeChatwoot.log("sidekiq")).to include("POST /api/v1/leads: 200", "person #{person}: synced")
  end

  it "leave a record out, and its link says why" do
    who = contact(name: "Test Ann", email: "test.ann@shop.example")
    settle
    expect(krayin.person("test.ann@shop.example")).to be_nil
    expect(link(who)).to include("state" => "skipped", "reason_code" => "extension_skipped",
                                 "reason_params" => { "extension" => "scoring", "reason" => "a test contact" })
  end

  it "hear of an event that the sync does not know" do
    number = talk(contact(name: "Ty", email: "ty@shop.example"), "Hi")
    settle
    answer = desk.agent.post("/conversations/#{number}/toggle_typing_status", typing_status: "on", is_private: false)
    expect(answer.status).to eq(200)
    eventually { WholeChatwoot.log("sidekiq").include?("somebody types to #{krayin.url}") }
  end

  it "bring retries, pacing and errors to a client of one's own" do
    names = inside("WorkflowClient.new(url, token).names", url: krayin.url, token: krayin.tokens.first)
    expect(names).to eq(inside("KrayinSync::Api::BaseClient.new(url, token).get('settings/workflows', pagination: 0)" \
                               "['data'].map { |row| row['name'] }", url: krayin.url, token: krayin.tokens.first))
    expect(names).not_to be_empty
    refused = inside("WorkflowClient.new(url, '1|wrong').names rescue $!.class.name", url: krayin.url)
    expect(refused).to eq("KrayinSync::AuthenticationError")
  end

  it "fail one event where they raise, and nobody else's" do
    bo = contact(name: "Bo", email: "bo@example.com")
    contact(name: "Al", email: "al@shop.example")
    eventually { link(bo) && krayin.person("al@shop.example") }
    expect(link(bo)).to include("state" => "waiting", "reason_code" => "extension_failed")
    expect(krayin.person("bo@example.com")).to be_nil
    expect(desk.hook["settings"]).not_to include("setup_error")
  end
end
