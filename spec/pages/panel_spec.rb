# frozen_string_literal: true

require_relative "../whole/support/connected"

RSpec.describe "The panel in a conversation", :whole do
  include_context "with a connected desk", "Panel", sync_conversations: true

  pictures = File.expand_path("../../tmp/pages", __dir__)
  hostile = %(<img src=x onerror=alert(1)>"><script>alert(2)</script>{{constructor.constructor("alert(3)")()}})

  # @return [Hash] of an agent who works in these inboxes
  def agent(name, *inboxes)
    email = "#{name.downcase}-#{rand(1_000_000)}@desk.example"
    token = inside(<<~RUBY, account: desk.account, email: email, name: name, inboxes: inboxes)
      user = User.new(name: name, email: email, password: "Password1!")
      user.skip_confirmation!
      user.save!
      AccountUser.create!(account_id: account, user: user, role: :agent)
      inboxes.each { |inbox| InboxMember.create!(inbox_id: inbox, user: user) }
      user.access_token.token
    RUBY
    { email: email, password: "Password1!",
      api: WholeChatwoot::Client.new("/api/v1/accounts/#{desk.account}", "api_access_token" => token) }
  end

  def panel(number) = "/integrations/krayin/conversations/#{number}/panel"

  after { krayin.heal }

  let(:ann) { agent("Ann", desk.inboxes["api"]) }

  def drive(script, **asked)
    FileUtils.mkdir_p(pictures)
    said, status = Open3.capture2("node", File.expand_path("../browser/#{script}.js", __dir__), pictures,
                                  stdin_data: JSON.generate(url: WholeChatwoot.url, account: desk.account, **asked))
    expect(status).to be_success
    JSON.parse(said).tap { |seen| expect(seen["failed"]).to be_nil, "#{seen["failed"]}\n#{seen["errors"].join("\n")}" }
  end

  define_method(:pictures) { pictures }

  it "is a tab that the account's first connection has made, in its language, and its last one takes away" do
    apps = "DashboardApp.where(account_id: account).map { |app| [app.title, app.content] }"
    address = "#{WholeChatwoot.url}/krayin_sync/panel"
    expect(inside(apps, account: desk.account)).to eq([["Lead in Krayin", [{ "url" => address, "type" => "frame" }]]])
    other = WholeChatwoot::Desk.new("Tabs")
    inside("Account.find(account).update!(locale: 'pt_BR'); 1", account: other.account)
    expect(other.connect(krayin.settings).status).to eq(200)
    eventually { inside(apps, account: other.account).map(&:first) == ["Lead no Krayin"] }
    2.times { rake("krayin_sync:panel[#{other.account}]") }
    expect(inside(apps, account: other.account).size).to eq(1)
    disconnect(other)
    expect(inside(apps, account: other.account)).to eq([])
  end

  it "is shown to whoever may see the conversation, and to nobody else" do
    id = contact(name: "Seen", email: "seen@panel.example")
    number = talk(id, "Hello")
    settle
    told = ann[:api].get(panel(number))
    expect(told.status).to eq(200)
    expect(told["contact"]).to include("state" => "synced", "name" => "Seen")
    expect(told["pipelines"].first["stages"].map { |stage| stage["name"] }).to include("New", "Won", "Lost")
    expect(JSON.generate(told.body)).not_to include(krayin.tokens.first)
    fresh = ann[:api].get("#{panel(number)}/fresh")
    expect(fresh["person"]).to include("name" => "Seen", "emails" => ["seen@panel.example"])
    expect(fresh["leads"]).to match([include("stage_id" => 1, "closed" => false)])

    stranger = agent("Bob", desk.inboxes["web"])
    elsewhere = WholeChatwoot::Desk.new("Elsewhere")
    nobody = WholeChatwoot::Client.new("/api/v1/accounts/#{desk.account}", {})
    [panel(number), "#{panel(number)}/fresh"].each do |path|
      expect([stranger[:api], nobody].map { |client| client.get(path).status }).to eq([401, 401])
      expect(elsewhere.agent.get(path).status).to eq(404)
    end
    expect([stranger[:api].post("#{panel(number)}/retry").status, elsewhere.agent.post("#{panel(number)}/retry").status,
            ann[:api].post("#{panel(number)}/retry").status]).to eq([401, 404, 422])
    expect(ann[:api].get(panel(number), connection: 0).status).to eq(404)
    expect(ann[:api].get(panel(999_999_999)).status).to eq(404)
  end

  it "shows in the tab what Krayin has, as text, takes what an agent does, and says why a contact is not there" do
    id = contact(name: hostile, email: "mallory@panel.example", additional_attributes: { company_name: hostile })
    number = talk(id, "Hello")
    settle
    lead = link(id)["lead_id"]
    krayin.change({ change: "edit_lead", lead: lead, fields: { lead_value: 1250.5, title: hostile } })
    krayin.faults({ method: "POST", path: "*", action: "status", status: 422, times: "forever",
                    body: { message: "No", errors: { "<b>job</b>" => ["No"] } } })
    refused = contact(name: "Rita", email: "rita@panel.example")
    waiting = talk(refused, "Hello")
    eventually { link(refused) }
    settle
    # It stays away until somebody has it tried again.
    krayin.heal
    seen = drive("panel", email: ann[:email], password: ann[:password], talk: number, refused: waiting,
                          note: "Call {{her}} <b>back</b>", title: "More seats")
    expect(seen.values_at("dialogs", "errors", "wide")).to eq([[], [], []])
    expect(seen["axe"].reject { |_, found| found.empty? }).to eq({})
    expect(seen["tab"]).to include("<img src=x onerror=alert(1)>", "mallory@panel.example", "1,250.50", "Negotiation")
    expect(seen["why"]).to include("Do it now")
    expect(seen["arrived"]).to include("In Krayin", "rita@panel.example")
    expect(krayin.person("rita@panel.example")).to be_a(Hash)
    expect(seen["open"]).to eq(0)
    expect(seen["noted"]).to include("Call { {her} } <b>back</b>")
    expect(seen["done"]).to include("More seats")
    expect(record("leads", lead)).to include("lead_pipeline_stage_id" => 3, "lead_value" => "77.5000")
    made = krayin.records["leads"].select { |one| one["title"] == "More seats" }
    expect(made.map { |one| one["person_id"] }).to eq([link(id)["person_id"]])
    expect(said("Call { {her} }").size).to eq(1)
  end
end
