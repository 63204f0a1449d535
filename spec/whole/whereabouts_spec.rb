# frozen_string_literal: true

require_relative "support/connected"

# Where each record is in Krayin and why not, by Chatwoot's own API.
RSpec.describe "What is asked of a connection", :whole do
  include_context "with a connected desk", "Whereabouts"

  let(:root) { "/integrations/krayin" }
  let(:one) { "#{root}/#{desk.hook["id"]}" }

  let(:token_of_an_agent) { inside(<<~RUBY, account: desk.account) }
    user = User.new(name: "Abe", email: "abe-\#{rand(1_000_000)}@desk.example", password: "Password1!")
    user.skip_confirmation!
    user.save!
    AccountUser.create!(account_id: account, user: user, role: :agent)
    user.access_token.token
  RUBY

  def row(id) = desk.agent.get("#{one}/links", search: id)["links"].find { |link| link["record_id"] == id }

  it "says how it stands and where a contact is, why another is not, and has that one tried again" do
    there = contact(name: "There", email: "there@acme.example")
    eventually { krayin.person("there@acme.example") }
    krayin.faults({ method: "POST", path: "*", action: "status", status: 422, times: "forever",
                    body: { message: "No", errors: { "job_title" => ["No"] } } })
    refused = contact(name: "Refused", email: "refused@acme.example")
    eventually { row(refused)["state"] == "refused" }
    settle
    expect(row(there)).to include("state" => "synced", "page" => "/app/accounts/#{desk.account}/contacts/#{there}")
    expect(row(refused)["reason"]).to include("code" => "values_refused", "sentence" => /job_title/)
    expect(desk.agent.get(root)["connections"]).to match([include("state" => "working", "address" => krayin.url)])
    status = desk.agent.get("#{one}/status")
    expect(status["counts"]["contact"]["states"]).to include("refused" => 1)
    expect(JSON.generate(status.body)).not_to include(krayin.tokens.first)
    krayin.heal
    expect(desk.agent.post("#{one}/links/retry", kind: "contact", record_id: refused).status).to eq(202)
    eventually { krayin.person("refused@acme.example") }
    eventually { row(refused)["state"] == "synced" }
    expect(desk.agent.post("#{one}/links/keep_out", kind: "contact", record_id: there).status).to eq(204)
    expect(row(there)).to include("state" => "skipped", "kept_out" => true)
    expect(desk.agent.post("#{one}/links/retry", kind: "contact", state: "skipped",
                                                 reason: "kept_out").status).to eq(202)
    eventually { row(there)["state"] == "synced" }
    expect(dead_jobs.map(&:first).uniq - ["KrayinSync::Chatwoot::EventJob"]).to eq([])
  end

  it "takes no name of a route from Chatwoot's own" do
    paths = inside(<<~RUBY)
      Rails.application.routes.routes.select { |route| route.path.spec.to_s.include?("krayin") }.filter_map(&:name)
    RUBY
    expect(paths).to include("krayin_sync_links").and all(match(/krayin_sync/))
  end

  it "refuses whoever is no administrator, another account's records, and what cannot be read" do
    stranger = WholeChatwoot::Desk.new("Stranger")
    theirs = stranger.agent.post("/contacts", inbox_id: stranger.inboxes["api"], name: "Theirs")
                     .body.dig("payload", "contact", "id")
    agent = WholeChatwoot::Client.new("/api/v1/accounts/#{desk.account}", "api_access_token" => token_of_an_agent)
    nobody = WholeChatwoot::Client.new("/api/v1/accounts/#{desk.account}", {})
    [root, "#{one}/status", "#{one}/links"].each do |path|
      expect([agent, nobody].map { |client| client.get(path).status }).to eq([401, 401])
    end
    %w[retry keep_out decide].each do |step|
      expect(agent.post("#{one}/links/#{step}", record_id: theirs).status).to eq(401)
      expect(desk.agent.post("#{one}/links/#{step}", record_id: theirs, verdict: "same").status).to eq(404)
    end
    expect(agent.get("#{one}/links/sides", record_id: theirs).status).to eq(401)
    expect(desk.agent.get("#{one}/links/sides", record_id: theirs).status).to eq(404)
    ["#{one}/status", "#{one}/links"].each { |path| expect(stranger.agent.get(path).status).to eq(404) }
    expect(stranger.agent.get(root)["connections"]).to eq([])
    { kind: "users", state: "gone", after: "x" }.each do |name, value|
      expect(desk.agent.get("#{one}/links", name => value).to_a).to match([422, include("error" => /#{name} must be/)])
    end
    expect(desk.agent.post("#{one}/links/retry", record_id: "x").status).to eq(422)
  end
end
