# frozen_string_literal: true

require_relative "support/connected"

# What was there before the connection, by Chatwoot's own API. CONTACTS=20000 makes it a large account's.
RSpec.describe "A backfill in Chatwoot", :whole do
  include_context "with a connected desk", "Backfill"

  let(:hook) { desk.hook["id"] }
  let(:path) { "/integrations/krayin/#{hook}/backfill" }
  let(:contacts) { Integer(ENV.fetch("CONTACTS", 200)) }

  let(:fill) { <<~RUBY }
    now = 1.year.ago
    rows = Array.new(count) do |n|
      { account_id: account, name: "Before \#{n}", email: "before-\#{n}@years.example", created_at: now, updated_at: now }
    end
    rows.each_slice(5000).sum { |some| Contact.insert_all!(some).rows.size }
  RUBY

  let(:token_of_an_agent) { inside(<<~RUBY, account: desk.account) }
    user = User.new(name: "Abe", email: "abe-\#{rand(1_000_000)}@desk.example", password: "Password1!")
    user.skip_confirmation!
    user.save!
    AccountUser.create!(account_id: account, user: user, role: :agent)
    user.access_token.token
  RUBY

  def in_krayin = krayin.records["persons"].count { |person| person["emails"].to_s.include?("@years.example") }

  it "is estimated, confirmed, started, paused, resumed and reported to administrators" do
    inside(fill, account: desk.account, count: contacts)
    expect(desk.agent.get(path).status).to eq(404)
    estimate = desk.agent.get("#{path}/estimate").body
    expect(estimate).to include("contacts" => contacts, "new" => contacts, "there" => 0,
                                "requests" => be_between(contacts, contacts * 1.05))

    refused = desk.agent.post(path, contacts: contacts / 2)
    expect(refused.to_a).to match([422, include("error" => /contacts=#{contacts}\b.*requests/, "estimate" => estimate)])
    expect(in_krayin).to eq(0)

    started = desk.agent.post(path, contacts: contacts)
    expect(started.to_a).to match([201, include("state" => "running", "total" => contacts)])
    paused = desk.agent.post("#{path}/pause")
    expect(paused.to_a).to match([200, include("state" => "paused")])
    settle
    done = desk.agent.get(path)["done"]
    expect(done).to be < contacts
    expect(desk.agent.post("#{path}/pause").to_a).to match([422, include("error" => "The backfill is paused.")])
    again = desk.agent.post(path, contacts: contacts)
    expect(again.to_a).to match([422, include("error" => /under way/)])
    expect(desk.agent.post("#{path}/resume").status).to eq(200)

    desk.visitor.begin_chat("Hello", name: "Live", email: "live@shop.example")
    eventually { krayin.person("live@shop.example") }
    eventually([600, contacts / 10].max) { desk.agent.get(path)["state"] == "done" }
    report = desk.agent.get(path).body
    expect(report).to include("done" => contacts, "created" => contacts, "choice" => anything, "examples" => {})
    expect(in_krayin).to eq(contacts)
    settle
    expect(dead_jobs).to eq([])
  end

  context "with a channel over which messages come" do
    let(:number) { format("+4930%07d", rand(10_000_000)) }
    let(:read) { "Message.where(account_id: account, content: text).exists?" }

    # Those queues that Chatwoot's own jobs stand in.
    let(:standing) { <<~RUBY }
      (Sidekiq::Queue.all.map(&:name) - ["krayin_sync"]).map { |name| Sidekiq::Queue.new(name).latency }.max.to_f
    RUBY

    let(:make) { <<~RUBY }
      now = Time.current
      id = Channel::Sms.insert!({ account_id: account, phone_number: number, provider: "default", created_at: now,
                                  updated_at: now }).first["id"]
      Inbox.create!(account_id: account, channel: Channel::Sms.find(id), name: "Sms").id
    RUBY

    def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

    # @return [Float] seconds from a provider's call until Chatwoot has the message
    def written
      text = "Written #{rand(1 << 40)}"
      request = Net::HTTP::Post.new("/webhooks/sms/#{number}", "Content-Type" => "application/json")
      from = "+49151#{rand(10_000_000..99_999_999)}"
      message = { owner: number, from: from, to: [number], text: text, id: text, direction: "in" }
      request.body = JSON.generate([{ type: "message-received", to: number, message: message }])
      began = now
      expect(WholeChatwoot.send_request(request).status).to eq(200)
      eventually(step: 0.02) { inside(read, account: desk.account, text: text) }
      now - began
    end

    def told(seconds)
      sorted = seconds.sort
      format("%<middle>.2f s, %<most>.2f s at most", middle: sorted[sorted.size / 2], most: sorted.last)
    end

    it "brings what was there while customers' messages come in as before" do
      inside(make, account: desk.account, number: number)
      inside(fill.gsub("before-", "later-"), account: desk.account, count: contacts)
      before = Array.new(20) { written }
      estimate = desk.agent.get("#{path}/estimate").body
      expect(desk.agent.post(path, contacts: estimate["contacts"]).status).to eq(201)
      meanwhile = []
      stood = []
      until desk.agent.get(path)["state"] != "running" && meanwhile.size >= 5
        meanwhile << written
        stood << inside(standing)
        sleep 0.2
      end
      report = desk.agent.get(path).body
      puts "", "#{report["done"]} contacts in #{report["worked_seconds"]} s; a channel's message took " \
               "#{told(before)}; beside it #{told(meanwhile)}; Chatwoot's own queues stood #{told(stood)}"
      expect(report).to include("state" => "done", "refused" => 0, "later" => 0, "done" => be >= contacts)
      expect(krayin.records["persons"].count { |person| person["emails"].to_s.include?("later-") }).to eq(contacts)
      settle
      expect(dead_jobs).to eq([])
    end
  end

  it "refuses what cannot be read, whoever is no administrator, and another account's connection" do
    expect(desk.agent.get("#{path}/estimate", since: "yesterdayish").to_a).to match([422, include("error" => /since/)])
    expect(desk.agent.get("#{path}/estimate", inbox: "999999999").to_a).to match([422, include("error" => /inbox/)])
    agent = WholeChatwoot::Client.new("/api/v1/accounts/#{desk.account}", "api_access_token" => token_of_an_agent)
    %w[get post].each { |verb| expect(agent.public_send(verb, path).status).to eq(401) }
    expect(WholeChatwoot::Client.new("/api/v1/accounts/#{desk.account}", {}).get(path).status).to eq(401)
    stranger = WholeChatwoot::Desk.new("Stranger")
    expect(stranger.agent.get(path).status).to eq(404)
    expect(desk.agent.get("/integrations/krayin/0/backfill").status).to eq(404)
  end
end
