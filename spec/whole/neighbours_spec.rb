# frozen_string_literal: true

require "socket"
require "timeout"
require "zlib"
require_relative "support/connected"

# What the gem does to the rest of Chatwoot: nothing.
RSpec.describe "Beside Chatwoot's own work", :whole do
  include_context "with a connected desk", "Neighbours", sync_conversations: true, sync_messages: true

  it "leaves the texts of validations as they are" do
    answer = desk.agent.post("/contacts", name: "X", email: "no address")
    expect([answer.status, answer["message"]]).to match([422, /Invalid email/])
    texts = inside(<<~RUBY)
      made = [Contact.new(email: "x", phone_number: "7"), Conversation.new, Message.new, Inbox.new, Account.new]
      made.each(&:validate).flat_map { |record| record.errors.full_messages }
    RUBY
    expect(texts.size).to be > 5
    expect(texts.grep(/translation missing/i)).to eq([])
  end

  it "keeps an error of its own from the dispatcher and from those who listen after it" do
    listen = <<~RUBY
      contact = Contact.create!(account_id: account, name: "Odd", email: "odd@shop.example")
      intake = KrayinSync::Chatwoot::Intake.singleton_class
      intake.alias_method :kept_take, :take
      intake.define_method(:take) { |*| raise "Redis is away" }
      heard = []
      listener = Object.new
      listener.define_singleton_method(:contact_updated) { |event| heard << event.name }
      dispatcher = AsyncDispatcher.new
      dispatcher.load_listeners
      dispatcher.subscribe(listener)
      begin
        dispatcher.publish_event("contact.updated", Time.zone.now, contact: contact, changed_attributes: nil)
      ensure
        intake.alias_method :take, :kept_take
      end
      heard
    RUBY
    expect(inside(listen, account: @desk.account)).to eq(["contact.updated"])
  end

  it "sweeps all accounts, whatever a visitor of one has written" do
    forged = [{ "external" => "x" }, { "external" => { "krayin" => 7 } }, { "external" => [1] },
              { "external" => { "krayin" => { "at" => "yesterday-ish", "ids" => 7, "kept" => "{" } } },
              { "krayin" => { "kept" => "{", "at" => [] }, "krayin_activity_id" => "x" }]
    forged.each_with_index do |attributes, number|
      visitor = @desk.visitor
      answer = visitor.identify(email: "forger#{number}@shop.example", additional_attributes: attributes)
      expect(answer.status).to eq(200)
      visitor.begin_chat("Hello #{number}")
    end
    other = connected_desk("Swept", @krayin)
    inside("Contact.insert_all([{ account_id: account, name: 'Imported', email: 'imported@shop.example', " \
           "created_at: Time.now, updated_at: Time.now }]).rows.size", account: other.account)
    inside("KrayinSync::Chatwoot::SweepJob.enqueue; 1")
    eventually(60) { @krayin.person("imported@shop.example") }
    forged.each_index { |number| eventually { @krayin.person("forger#{number}@shop.example") } }
    disconnect(other)
  end

  # What Sentry's servers would get, for the block.
  def sentry
    server = TCPServer.new("127.0.0.1", 0)
    told = Queue.new
    thread = Thread.new do
      loop do
        connection = server.accept
        head = connection.gets("\r\n\r\n")
        body = connection.read(head[/content-length: (\d+)/i, 1].to_i)
        told << (head.match?(/content-encoding: gzip/i) ? Zlib.gunzip(body) : body)
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        connection.close
      end
    end
    yield "http://key@127.0.0.1:#{server.addr[1]}/1", told
  ensure
    thread&.kill
    server&.close
  end

  # Chatwoot's own jobs tell Sentry of theirs as well, with what they were given.
  def of_ours?(envelope)
    items = envelope.lines.reject { |line| line.strip.empty? }.map { |line| JSON.parse(line) }
    items.flat_map { |item| item.dig("exception", "values").to_a }.any? { |e| e["type"].start_with?("KrayinSync::") }
  end

  it "works with Chatwoot's logger of jobs, which reads their arguments, with Sentry's middleware, and says one line" do
    sentry do |dsn, told|
      before = WholeChatwoot.log("sidekiq").size
      WholeChatwoot.with_sidekiq(ENABLE_SIDEKIQ_DEQUEUE_LOGGER: true, SENTRY_DSN: dsn) do
        logged = contact(name: "Logged", email: "logged@shop.example")
        sweep
        eventually { krayin.person("logged@shop.example") }
        settle
        lines = WholeChatwoot.log("sidekiq")[before..].lines
        dequeued = lines.grep(/Dequeued KrayinSync::Chatwoot::EventJob \d+:contact:#{logged} from krayin_sync/)
        ours = lines.grep(/Krayin ProcessorService - .*Contact #{logged} /)
        expect(ours.size).to be_between(1, dequeued.size)
        line = / - Contact #{logged} (synced|skipped)\.( [^.]+\.)* Person: \d+, Lead: \d+( \[[\w, ]+\])*$/
        expect(ours).to all(match(line))
        expect(lines.grep(/krayin/i).join).not_to match(/logged@shop\.example|Logged/)
        krayin.faults({ method: "POST", path: "/leads", action: "broken", times: "forever" })
        contact(name: "Told", email: "told@shop.example")
        event = Timeout.timeout(180) { told.pop } until event && of_ours?(event)
        krayin.heal
        expect(event).to include("krayin_sync")
        expect(event).not_to match(/told@shop|#{krayin.tokens.first[/\w+$/]}/)
        eventually { krayin.person("told@shop.example") }
      end
    end
  end

  it "loses nothing and takes nothing from others while Redis is away for a second" do
    contacts = Array.new(4) { |n| contact(name: "Before #{n}", email: "away#{n}@shop.example") }
    eventually { contacts.each_index.all? { |n| krayin.person("away#{n}@shop.example") } }
    settle
    writers = contacts.map { |id| Thread.new { desk.agent.patch("/contacts/#{id}", name: "After #{id}") } }
    WholeChatwoot.command("signal", "redis", "STOP")
    sleep 1
    WholeChatwoot.command("signal", "redis", "CONT")
    writers.each(&:join)
    # What Chatwoot itself could not push, its agent does once more.
    contacts.each { |id| expect(desk.agent.patch("/contacts/#{id}", name: "After #{id}").status).to eq(200) }
    sweep
    names = -> { contacts.each_index.map { |n| krayin.person("away#{n}@shop.example")["name"] } }
    eventually { names.call == contacts.map { |id| "After #{id}" } }
    eventually { inside("Sidekiq::ProcessSet.new(false).size").positive? }
    settle
    expect(dead_jobs).to eq([])
  end

  it "says so where a Chatwoot gives all settings to browsers, as those without a list of visible ones do" do
    ask = <<~RUBY
      app = Integrations::App
      list = app.instance_method(:visible_properties)
      app.remove_method(:visible_properties)
      begin
        Current.account = Account.find(account)
        app.find(id: "krayin").description
      ensure
        app.define_method(:visible_properties, list)
      end
    RUBY
    told = inside(ask, account: desk.account)
    expect(told).to include("The connection works", "gives the API token to the browsers")
    expect(desk.app["description"]).not_to include("browsers")
  end

  it "gives no token to browsers, of whoever looks" do
    read = [desk.agent.get("/integrations/apps"), desk.agent.get("/integrations/apps/krayin"), desk.agent.get("")]
    read << desk.agent.patch("/integrations/hooks/#{desk.hook["id"]}", hook: { settings: { sync_messages: true } })
    expect(read.map(&:status)).to all(eq(200))
    expect(JSON.generate(read.map(&:body))).not_to include(krayin.tokens.first, krayin.tokens.first[/\w+$/])
  end

  it "has its table by a migration that ran within Chatwoot's own limit for a statement" do
    expect(inside("ActiveRecord::Base.connection.select_value('SHOW statement_timeout')")).to eq("14s")
    expect(inside("KrayinSync::Records::Link.table_exists?")).to be(true)
  end

  it "is not offered by a Chatwoot that it does not know, which says why, once, and runs" do
    ask = "puts [:app, Integrations::App.find(id: 'krayin'), Contact.count.class].inspect"
    told = WholeChatwoot.with_file("opt/chatwoot/config/initializers/01_shape.rb", "APPS_CONFIG.freeze") do
      WholeChatwoot.command("inside", "bundle", "exec", "rails", "runner", ask)
    end
    expect(told.scan("Krayin is not offered").size).to eq(1)
    expect(told).to include("APPS_CONFIG is no hash that takes another app. Everything else works",
                            "[:app, nil, Integer]")
    expect(inside("KrayinSync::Chatwoot::Compatibility.problems")).to eq([])
  end

  it "lets Chatwoot's jobs pass however many of its own wait" do
    expect(inside("Sidekiq::ProcessSet.new.first['queues']")).to include("low", "krayin_sync")
  end
end
