# frozen_string_literal: true

require_relative "support/whole_chatwoot"

# The form that connects Krayin, as the page sends it.
RSpec.describe "The form of the integration", :whole do
  before(:context) do
    @krayin = Krayin.new(WholeChatwoot.servers, "form", throttle: false)
    @desk = WholeChatwoot::Desk.new("Form")
  end

  after(:context) { @krayin.stop }

  after { inside("Integrations::Hook.where(account_id: account).destroy_all.size", account: @desk.account) }

  def wrong(**settings) = @desk.connect(@krayin.settings(**settings))

  # A server that is no Krayin, for the block.
  def page
    server = TCPServer.new("127.0.0.1", 0)
    thread = Thread.new do
      loop do
        connection = server.accept
        connection.readpartial(4096)
        connection.write("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n" \
                         "Connection: close\r\n\r\nhello")
        connection.close
      end
    end
    yield "http://127.0.0.1:#{server.addr[1]}"
  ensure
    thread&.kill
    server&.close
  end

  {
    "a wrong token" => [{ api_token: "9|none" }, /does not accept this API token/],
    "an empty token" => [{ api_token: "" }, /token/],
    "an address without a scheme" => [{ api_url: "crm.example" }, /https/],
    "a private address" => [{ api_url: "http://10.0.0.1" }, /http/],
    "a private address with https" => [{ api_url: "https://192.168.7.7" }, /private|KRAYIN_SYNC_ALLOWED_HOSTS/],
    "a pipeline that is not there" => [{ lead_pipeline_id: "No such" }, /no pipeline "No such".*Default/],
    "a source that is not there" => [{ lead_source_id: "Carrier pigeon" }, /no source "Carrier pigeon"/],
    "a type by an id that is not there" => [{ lead_type_id: "77" }, /no type "77"/],
    "a stage that is not there" => [{ stage_on_first_response: "Nowhere" }, /no stage "Nowhere".*Prospect/]
  }.each do |what, (settings, sentence)|
    it "refuses #{what} with one sentence, and saves nothing" do
      answer = wrong(**settings)
      expect([answer.status, answer["message"]]).to match([422, sentence])
      expect(@desk.hook).to be_nil
    end
  end

  # Which ports of the installation's own network are open is not an administrator's to learn.
  it "saves what cannot be checked now, and says so where people see it: nobody there, or a page that is no API" do
    page do |url|
      [url, "http://127.0.0.1:1"].each do |address|
        expect(wrong(api_url: address).status).to eq(200)
        expect(@desk.app["description"]).to match(/UTC\) Krayin does not answer now/)
        inside("Integrations::Hook.where(account_id: account).destroy_all.size", account: @desk.account)
      end
    end
  end

  it "is set up when it is saved, with names for pipeline, stage, source and type" do
    answer = wrong(lead_pipeline_id: "default pipeline", lead_pipeline_stage_id: "Prospect", lead_source_id: "email",
                   stage_on_first_response: "follow-up", sync_messages: true)
    expect([answer.status, answer.body]).to match([200, anything])
    settings = @desk.hook["settings"]
    expect(settings).to include("lead_pipeline_id" => 1, "lead_pipeline_stage_id" => 3, "lead_source_id" => Integer,
                                "traits" => Hash, "sync_messages" => true)
    expect(@desk.app["description"]).to include("The connection works")
  end

  it "lets settings be changed without disconnecting, and without the token" do
    wrong(sync_messages: true)
    hook = @desk.hook["id"]
    answer = @desk.agent.patch("/integrations/hooks/#{hook}", hook: { settings: { sync_conversations: true } })
    expect(answer.status).to eq(200)
    expect(@desk.hook["settings"]).to include("sync_messages" => true, "sync_conversations" => true, "traits" => Hash,
                                              "api_token" => @krayin.tokens.first)
    answer = @desk.agent.patch("/integrations/hooks/#{hook}", hook: { settings: { lead_source_id: "Nope" } })
    expect([answer.status, answer["message"]]).to match([422, /no source "Nope"/])
    expect(@desk.hook["settings"]).not_to have_key("lead_source_id")
  end

  it "takes ids and codes for names" do
    source = inside("KrayinSync::Api::LeadClient.new(url, token).get_sources.last", url: @krayin.url,
                                                                                    token: @krayin.tokens.first)
    answer = wrong(lead_pipeline_id: "1", lead_pipeline_stage_id: "prospect", lead_source_id: source["id"].to_s,
                   lead_type_id: source["id"] ? "1" : nil)
    expect([answer.status, answer.body]).to match([200, anything])
    expect(@desk.hook["settings"]).to include("lead_pipeline_id" => 1, "lead_pipeline_stage_id" => 3,
                                              "lead_source_id" => source["id"], "lead_type_id" => 1)
  end

  it "refuses a user who does not see all records, and what answers that it is no API" do
    user = { id: 2, name: "Half", email: "half@crm.example", status: 1, view_permission: "individual" }
    @krayin.faults({ method: "GET", path: "/get", action: "status", status: 200, body: { data: user },
                     times: "forever" })
    answer = wrong
    expect([answer.status, answer["message"]]).to match([422, /no global view permission/])
    expect(@desk.hook).to be_nil
  ensure
    @krayin.heal
  end

  it "waits no longer for Krayin than a person would" do
    @krayin.faults({ action: "delay_answer", ms: 50_000, times: "forever" })
    answer = wrong
    # The agent's own request would have ended at a minute.
    expect([answer.status, @desk.app["description"]]).to match([200, /Krayin does not answer now/])
  ensure
    @krayin.heal
  end

  it "is changed by a task on the machine as well, which refuses what the form refuses" do
    wrong
    told = rake("krayin_sync:settings[#{@desk.account},sync_messages=true,lead_source_id=Email]")
    expect(told).to include("The connection works")
    expect(@desk.hook["settings"]).to include("sync_messages" => true, "lead_source_id" => Integer)
    expect { rake("krayin_sync:settings[#{@desk.account},lead_source_id=Pigeon]") }.to raise_error(/no source "Pigeon"/)
  end

  it "says since when Krayin refuses, where people see it, and that it works again: what waited goes on at once" do
    wrong
    @krayin.faults({ action: "refused_token", times: "forever" })
    @desk.agent.post("/contacts", name: "Sina Since", email: "sina@form.example")
    eventually { @desk.app["description"].match?(/\(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\) .*token/) }
    @krayin.heal
    answer = @desk.agent.patch("/integrations/hooks/#{@desk.hook["id"]}",
                               hook: { settings: { api_token: @krayin.tokens.first, sync_messages: true } })
    expect(answer.status).to eq(200)
    expect(@desk.app["description"]).to include("The connection works")
    eventually { @krayin.person("sina@form.example") }
  end

  it "uses the pipeline of a new connection, whatever an earlier one had found" do
    pipeline = @krayin.add_pipeline("Chat", "Talk")
    wrong
    inside("Integrations::Hook.where(account_id: account).destroy_all.size", account: @desk.account)
    expect(wrong(lead_pipeline_id: "Chat").status).to eq(200)
    @desk.agent.post("/contacts", name: "Piper", email: "piper@form.example")
    lead = eventually { @krayin.records["leads"].find { |known| known["title"] == "Piper" } }
    expect(lead["lead_pipeline_id"]).to eq(pipeline)
  end

  it "sends a token to no other server than the one that it was given for" do
    wrong
    page do |url|
      answer = @desk.agent.patch("/integrations/hooks/#{@desk.hook["id"]}", hook: { settings: { api_url: url } })
      expect([answer.status, answer["message"]]).to match([422, /token/])
    end
    expect(@desk.hook["settings"]["api_url"]).to start_with(@krayin.url)
  end
end
