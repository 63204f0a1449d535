# frozen_string_literal: true

require "active_support"
require "active_support/notifications"

RSpec.describe KrayinSync::Instrumentation do
  let(:krayin) { SimulatedKrayin.of("2.1.0") }
  let(:log) { StringIO.new }
  let(:notifications) { ActiveSupport::Notifications }

  after do
    KrayinSync.logger = KrayinSync.notifier = KrayinSync.retry_base = nil
  end

  def perform(word, krayin: self.krayin, **data)
    data = { contact: { id: word.sum, name: word, email: "#{word}@example.com" } } if data.empty?
    KrayinSync::ProcessorService.new(
      inbox: nil, hook: krayin.hook, event_name: "#{data.keys.first}.created", event_data: data
    ).perform
  end

  # A server whose answers come in turn; the last one again and again.
  def answering(*answers)
    server = RawServer.new do
      status, *headers = answers.size > 1 ? answers.shift : answers.first
      ["HTTP/1.1 #{status}", *headers, "Content-Length: 2", "Connection: close", "Content-Type: application/json", "",
       "{}"].join("\r\n")
    end
    yield KrayinSync::Api::BaseClient.new(server.url, "1|secret")
  ensure
    server&.stop
  end

  it "tells ActiveSupport of each attempt and of the event" do
    told = []
    note = ->(name, *, payload) { told << [name, payload] }
    notifications.subscribed(note, /\.krayin_sync\z/) { perform("told") }
    expect(told.map(&:first)).to eq(%w[request.krayin_sync request.krayin_sync perform.krayin_sync])
    expect(told[0][1]).to include(method: "GET", path: "contacts/persons/search", status: 200, attempt: 1)
    expect(told[2][1]).to include(event: "contact.created", outcome: a_hash_including(status: "synced"))
    expect(told.to_s).not_to include("told@example.com")
  end

  it "tells of an attempt all there is to know" do
    told = []
    KrayinSync.retry_base = 0
    note = ->(*, payload) { told << payload }
    good = ["200 OK", "X-RateLimit-Limit: 60", "X-RateLimit-Remaining: 41"]
    notifications.subscribed(note, described_class::REQUEST) do
      answering("503 Busy", good) { |client| client.get("leads/5/products/6", a: 1) }
    end
    same = { method: "GET", path: "leads/{id}/products/{id}", most: 3, duration_ms: a_value_between(0, 5000) }
    expect(told).to match(
      [{ **same, attempt: 1, status: 503, limit: nil, remaining: nil, retry_in_ms: 0, code: "server_unavailable",
                 failure: "the server cannot work now", detail: "cannot_work_now", executed: "unknown",
                 date: nil, request_id: /\A\h{8}-/ },
       { **same, attempt: 2, status: 200, limit: 60, remaining: 41, retry_in_ms: nil, code: nil, failure: nil,
                 detail: nil, executed: nil, date: nil, request_id: /\A\h{8}-/ }]
    )
  end

  it "measures the attempt, not the telling" do
    told = []
    slow = RawServer.new do
      sleep 0.2
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n{}"
    end
    notifications.subscribed(->(*, payload) { told << payload[:duration_ms] }, described_class::REQUEST) do
      KrayinSync::Api::BaseClient.new(slow.url, "1|secret").get("leads/5")
    end
    expect(told).to match([a_value_between(200, 2000)])
  ensure
    slow.stop
  end

  it "reaches every kind of subscriber" do
    evented = Class.new do
      attr_reader :heard

      def start(name, _id, _payload) = (@heard ||= []) << name
      def finish(name, _id, payload) = @heard << [name, payload[:status] || payload[:outcome][:status]]
    end.new
    events = []
    subscribers = [notifications.subscribe(/krayin_sync/, evented),
                   notifications.subscribe(/krayin_sync/) { |event| events << event },
                   notifications.monotonic_subscribe("perform.krayin_sync") { |*all| events << (all[2] - all[1]) }]
    perform("kinds")
    request = ["request.krayin_sync", ["request.krayin_sync", 200]]
    expect(evented.heard).to eq(["perform.krayin_sync", *request * 2, ["perform.krayin_sync", "synced"]])
    expect(events.grep(ActiveSupport::Notifications::Event).map(&:name))
      .to eq(%w[request.krayin_sync request.krayin_sync perform.krayin_sync])
    durations = [events.grep(Float).first * 1000, events.grep(ActiveSupport::Notifications::Event).last.duration]
    expect(durations).to all(be > 0)
  ensure
    subscribers.each { |subscriber| notifications.unsubscribe(subscriber) }
  end

  it "tells why an event failed" do
    told = []
    notifications.subscribed(->(*, payload) { told << payload }, described_class::PERFORM) do
      expect { perform("x", contact: {}) }.to raise_error(KrayinSync::EventError) { |e| told << e }
    end
    payload, error = told
    expect(payload).to include(exception: ["KrayinSync::EventError", error.message], exception_object: error)
  end

  it "loses no event by a subscriber that raises" do
    KrayinSync.logger = Logger.new(log)
    raising = Class.new do
      def start(*) = raise(IOError, "private")
      def finish(*) = raise(IOError, "private")
    end
    [->(*) { raise IOError, "private" }, raising.new].each_with_index do |subscriber, index|
      log.string = +""
      outcome = nil
      requests = krayin.requests do
        notifications.subscribed(subscriber, /krayin_sync/) { outcome = perform("raising#{index}") }
      end
      expect(outcome).to include(status: "synced", created: %w[person lead])
      expect(requests).to eq(["GET /contacts/persons/search", "POST /leads"])
      expect(KrayinSync.records.load("contact", "raising#{index}".sum)).to include(outcome[:ids][:lead].to_s)
      expect(log.string).to include("a subscriber of request.krayin_sync raised IOError",
                                    "a subscriber of perform.krayin_sync raised IOError")
      expect(log.string).not_to include("private")
    end
  end

  it "lets an event's own error through when a subscriber raises as well" do
    notifications.subscribed(->(*) { raise IOError }, described_class::PERFORM) do
      expect { perform("x", contact: {}) }.to raise_error(KrayinSync::EventError)
    end
  end

  it "loses no event by a logger that raises" do
    KrayinSync.logger = Class.new { %i[info warn error].each { |level| define_method(level) { raise IOError } } }.new
    expect(perform("logger")).to include(status: "synced")
    KrayinSync.retry_base = 0
    answering("503 Busy", "200 OK") { |client| expect(client.get("leads/5")).to eq({}) }
    notifications.subscribed(->(*) { raise IOError }, /krayin_sync/) do
      expect(perform("logger2")).to include(status: "synced")
    end
  end

  it "lets nobody stand before the caller's own business" do
    heard = 0
    contact = { id: 901, name: "Own", email: "own@example.com" }
    run = lambda do |on_attempt|
      KrayinSync::ProcessorService.new(inbox: nil, hook: krayin.hook, event_name: "contact.created",
                                       event_data: { contact: contact }, on_attempt: on_attempt).perform
    end
    raising = ->(*) { raise IOError }
    outcome = ActiveSupport::Notifications.subscribed(raising, /krayin_sync/) { run.call(-> { heard += 1 }) }
    expect(outcome).to include(status: "synced", requests: 2)
    expect(heard).to eq(2)
    KrayinSync.records = KrayinSync::Records::Memory.new
    # However it is handed over.
    counter = Struct.new(:heard) { def hear = self.heard += 1 }.new(0)
    expect(run.call(counter.method(:hear))).to include(status: "synced", requests: counter.heard)
    KrayinSync.records = KrayinSync::Records::Memory.new
    expect { run.call(-> { raise KeyError, "the lock is gone" }) }.to raise_error(KeyError, "the lock is gone")
  end

  it "swallows no timeout that strikes a subscriber or the logger" do
    late = Class.new(StandardError)
    slow = ->(*) { sleep 0.4 }
    answering("200 OK") do |client|
      notifications.subscribed(slow, described_class::REQUEST) do
        expect { Timeout.timeout(0.2, late) { client.get("leads/5") } }.to raise_error(late)
      end
    end
    KrayinSync.logger = Class.new { define_method(:warn, &slow) }.new
    answering("400 Bad") do |client|
      expect { Timeout.timeout(0.2, late) { client.get("leads/5") } }.to raise_error(late)
    end
  end

  it "logs an event as it begins and ends" do
    KrayinSync.logger = Logger.new(log, formatter: ->(severity, _, _, line) { "#{severity}: #{line}\n" })
    ids = perform("lines")[:ids]
    number = "lines".sum
    expect(log.string.lines.first).to eq("DEBUG: Krayin ProcessorService - Processing contact #{number}\n")
    synced = "Contact #{number} synced. Person: #{ids[:person]}, Lead: #{ids[:lead]}"
    expect(log.string.lines[1]).to start_with("INFO: Krayin ProcessorService - #{synced}")
    expect { perform("x", contact: { name: "No id" }) }.to raise_error(KrayinSync::EventError)
    expect(log.string.lines.last).to start_with("ERROR: Krayin ProcessorService - Failed to process contact: The event")
  end

  it "logs a lead's new stage" do
    KrayinSync.logger = Logger.new(log)
    contact = { id: 77, name: "Stage", email: "stage@example.com" }
    hook = krayin.hook
    hook.settings.merge!("sync_conversations" => true, "stage_progression_enabled" => true,
                         "stage_on_conversation_created" => 2)
    conversation = { id: 78, display_id: 78, status: "open", contact: contact, created_at: Time.now }
    outcome = KrayinSync::ProcessorService.new(inbox: nil, hook: hook, event_name: "conversation.created",
                                               event_data: { conversation: conversation }).perform
    expect(outcome[:updated]).to include("stage")
    expect(log.string).to include("Krayin ProcessorService - Updated lead #{outcome[:ids][:lead]} stage")
  end

  it "logs what failed, and when it comes back" do
    KrayinSync.logger = Logger.new(log)
    answering("503 Busy", "200 OK") { |client| client.get("leads/5", email: "private@example.com") }
    line = %r{API GET /leads/\{id\} failed \(attempt 1/3\): the server cannot work now\. Retrying in \d+\.\ds}
    expect(log.string).to match(line)
    expect(log.string).not_to match(/secret|private/)
  end

  it "says of which account and hook what is told is, in notifications, spans and the log" do
    KrayinSync.logger = Logger.new(log)
    told = []
    hook = Struct.new(:id, :account_id, :settings).new(7, 3, krayin.settings)
    KrayinSync.notifier = ->(*all) { told << all }
    run = lambda do |of|
      contact = { id: 801, name: "Tags", email: "tags@example.com" }
      KrayinSync::ProcessorService.new(hook: of, event_name: "contact.created",
                                       event_data: { contact: contact }).perform
    end
    run.call(hook)
    expect(told.map(&:last)).to all(include(account_id: 3, hook_id: 7))
    expect(log.string.lines).to all(end_with("[account 3, hook 7]\n"))
    told.clear
    log.string = +""
    run.call(krayin.hook)
    expect(told.map { |_, _, _, payload| payload.keys & %i[account_id hook_id] }).to all(be_empty)
    expect(log.string).not_to include("[account")
    expect(described_class.tags).to eq({})
    expect { described_class.tagged(account_id: 9) { raise IOError } }.to raise_error(IOError)
    expect(described_class.tags).to eq({})
    described_class.tagged(account_id: 1, hook_id: nil, other: 2) do
      described_class.tagged(hook_id: 4) { expect(described_class.tags).to eq(account_id: 1, hook_id: 4) }
      expect(Thread.new { described_class.tags }.value).to eq({})
    end
  ensure
    KrayinSync.notifier = nil
  end

  it "tells config.notifier the same where there is no ActiveSupport" do
    script = <<~RUBY
      told = []
      KrayinSync.notifier = ->(name, began, ended, payload) { told << [name, (ended - began) >= 0, payload] }
      hook = Struct.new(:id, :account_id, :settings).new(7, 3, { "api_url" => ARGV[0], "api_token" => ARGV[1] })
      hook.settings.merge!("default_stage_id" => 1, "default_pipeline_id" => 1, "default_source_id" => 1,
                           "default_lead_type_id" => 1)
      contact = { id: 802, name: "Notify", email: "notify@example.com" }
      run = -> { KrayinSync::ProcessorService.new(hook: hook, event_name: "contact.created",
                                                  event_data: { contact: contact }).perform }
      run.call
      abort "ActiveSupport is here" if defined?(ActiveSupport::Notifications)
      KrayinSync.notifier = ->(*) { raise IOError }
      contact[:name] = "Notify Again"
      outcome = run.call
      puts JSON.generate([told, outcome])
    RUBY
    output, status = Child.run(script, krayin.url, SimulatedKrayin::TOKEN)
    expect(status).to be_success, output
    told, outcome = JSON.parse(output.lines.last)
    expect(told.map { |name, ordered, _| [name, ordered] })
      .to eq([["request.krayin_sync", true], ["request.krayin_sync", true], ["perform.krayin_sync", true]])
    expect(told.map(&:last)).to all(include("account_id" => 3, "hook_id" => 7))
    expect(told[0].last).to include("method" => "GET", "status" => 200, "attempt" => 1)
    expect(told[0].last["request_id"]).to match(/\A\h{8}-/)
    expect(told[0].last["duration_ms"]).to be_between(0, 5000)
    expect(told[2].last).to include("event" => "contact.created", "outcome" => include("status" => "synced"))
    expect(output).not_to include("notify@example.com")
    expect(outcome).to include("status" => "synced")
  end

  it "asks nothing of the core where nobody listens" do
    session = KrayinSync::Session.new(krayin.settings)
    expect(session.observer).to be_nil
  end
end
