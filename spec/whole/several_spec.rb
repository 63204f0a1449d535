# frozen_string_literal: true

require_relative "support/whole_chatwoot"

# Two Krayins that an administrator connects by Chatwoot's own API, one for each inbox.
RSpec.describe "Several Krayins of an account", :whole do
  pictures = File.expand_path("../../tmp/whole-chatwoot", __dir__)

  before(:context) do
    @krayins = %w[web api].map { |name| Krayin.new(WholeChatwoot.servers, "several-#{name}", throttle: false) }
    @desk = WholeChatwoot::Desk.new("Several")
    @answers = @krayins.zip(%w[Web Api]).map do |krayin, inbox|
      @desk.connect(krayin.settings(name: "#{inbox} sales", route_inboxes: inbox, sync_conversations: true,
                                    sync_messages: true))
    end
  end

  after(:context) do
    disconnect(@desk)
    @krayins.each(&:stop)
  end

  attr_reader :desk

  def persons(email) = @krayins.map { |krayin| krayin.person(email) ? 1 : 0 }

  def said(words)
    @krayins.map { |krayin| krayin.records["activities"].count { |known| known["comment"].to_s.include?(words) } }
  end

  it "are told apart where administrators look, and refused where they are the same" do
    expect(@answers.map(&:status)).to eq([200, 200])
    hooks = desk.app["hooks"].map { |hook| hook["settings"] }
    expect(hooks.map { |settings| settings["name"] }).to eq(["Web sales", "Api sales"])
    expect(hooks.map { |settings| settings["route_inboxes"] })
      .to eq(["Web (#{desk.inboxes["web"]})", "Api (#{desk.inboxes["api"]})"])
    expect(hooks.to_s).not_to include(@krayins.first.tokens.first)
    expect(desk.app["description"]).to match(/Web sales: The connection works.*Api sales: The connection works/)
    again = desk.connect(@krayins.first.settings(api_url: "#{@krayins.first.url}/", name: "Third"))
    expect([again.status, again["message"]]).to match([422, /connection Web sales has this Krayin and this token/])
  end

  it "are listed on the integration's page, which can be searched" do
    FileUtils.mkdir_p(pictures)
    asked = { url: WholeChatwoot.url, account: desk.account, email: desk.email, password: "Password1!",
              search: "Api sales" }
    told, status = Open3.capture2("node", File.expand_path("../browser/hooks.js", __dir__), pictures,
                                  stdin_data: JSON.generate(asked))
    expect(status).to be_success
    seen = JSON.parse(told)
    expect(seen["page"]).to include("Web sales", "Api sales", *@krayins.map(&:url))
    expect(seen["page"]).not_to include(*@krayins.map { |krayin| krayin.tokens.first })
    expect(seen["found"]).to include("Api sales")
    expect(seen["found"]).not_to include("Web sales")
  end

  it "get each its own: a visitor of the website the one, a program's contact the other, who is both both" do
    visitor = desk.visitor
    visitor.begin_chat("From the site", name: "Vera", email: "vera@several.example")
    made = desk.agent.post("/contacts", inbox_id: desk.inboxes["api"], name: "Paul", email: "paul@several.example")
    paul = made.body.dig("payload", "contact", "id")
    talk = desk.agent.post("/conversations", inbox_id: desk.inboxes["api"], contact_id: paul).body["id"]
    desk.agent.post("/conversations/#{talk}/messages", content: "From the program", message_type: "incoming")
    settle
    expect([persons("vera@several.example"), persons("paul@several.example")]).to eq([[1, 0], [0, 1]])
    expect([said("From the site"), said("From the program")]).to eq([[2, 0], [0, 2]])
    desk.visitor.begin_chat("Paul on the site", name: "Paul", email: "paul@several.example")
    settle
    expect([persons("paul@several.example"), said("Paul on the site"), said("From the program")])
      .to eq([[1, 1], [2, 0], [0, 2]])
  end
end
