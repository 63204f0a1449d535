# frozen_string_literal: true

require_relative "support/whole_chatwoot"

RSpec.describe "The page of the integration", :whole do
  # Where the pictures are kept.
  pictures = File.expand_path("../../tmp/whole-chatwoot", __dir__)

  before(:context) do
    @krayin = Krayin.new(WholeChatwoot.servers, "pages", throttle: false)
    @desk = WholeChatwoot::Desk.new("Pages")
  end

  after(:context) do
    disconnect(@desk)
    @krayin.stop
  end

  it "connects Krayin, says what is wrong, and shows that it works" do
    FileUtils.mkdir_p(pictures)
    asked = { url: WholeChatwoot.url, account: @desk.account, email: @desk.email, password: "Password1!",
              settings: @krayin.settings }
    script = File.expand_path("../browser/integration.js", __dir__)
    said, status = Open3.capture2("node", script, pictures, stdin_data: JSON.generate(asked))
    expect(status).to be_success
    seen = JSON.parse(said)
    expect(seen["refused"]).to match(/does not accept this API token/)
    expect(seen["taken"]).to be_nil
    expect(seen["page"]).to include("The connection works: new leads go to Default Pipeline.")
    expect(seen["hooks"]).to include(@krayin.url)
    expect(seen["hooks"]).not_to include(@krayin.tokens.first)
    expect(Dir["#{pictures}/{list,refused,refused-form,connected,connected-form,hooks,state}.png"].size).to eq(7)
  end
end
