# frozen_string_literal: true

require_relative "support/small_chatwoot"

# What was done, as administrators find it again: line by line, and how much of what in each hour.
RSpec.describe "What was done with a Krayin", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    @krayin = Krayin.new(SmallChatwoot.servers, "history", throttle: false)
  end

  after(:context) { @krayin.stop }

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    @krayin.heal
    history.flush
    @account, @hook = connect(@krayin, sync_conversations: true)
    run_all
  end

  after do
    history.flush
    Integrations::Hook.where(id: @hook.id).delete_all
  end

  let(:krayin) { @krayin }
  let(:account) { @account }
  let(:hook) { @hook.reload }
  let(:history) { KrayinSync::Chatwoot::History }
  let(:line) { KrayinSync::Chatwoot::LogLine }
  let(:hours) { KrayinSync::Chatwoot::HourCount }

  def log(**asked)
    history.flush
    KrayinSync::Chatwoot::LogList.new(hook, **asked).page
  end

  def counted(name)
    history.flush
    hours.where(hook_id: hook.id, name: name).group(:part).sum(:count).reject { |_, count| count.zero? }
  end

  def contact(name, **fields)
    address = "#{name.downcase.tr(" ", "-")}-#{rand(1_000_000)}@acme.example"
    account.contacts.create!(name: name, email: address, **fields)
  end

  def refused(name)
    krayin.faults({ method: "POST", path: "*", action: "status", status: 422, times: "forever",
                    body: { message: "No", errors: { "job_title" => ["The job title is odd."] } } })
    contact(name, custom_attributes: { "secret" => "s3cr3t" }).tap { run_all }
  ensure
    krayin.heal
  end

  it "is told line by line with what it took, and without a value of any field" do
    jane = contact("Jane Roe", phone_number: "+1415555#{rand(1000..9999)}")
    talk = conversation(jane, inbox(account))
    run_all
    mike = refused("Mike Poe")
    lines = log[:lines]
    mikes = lines.find { |one| one[:contact_id] == mike.id }
    expect(mikes).to include(event: "contact.updated", status: "refused", name: "Mike Poe", wrote: [], krayin: [],
                             reasons: [include(code: "values_refused", sentence: /job_title/)])
    janes = lines.select { |one| one[:contact_id] == jane.id }
    created = janes.find { |one| one[:wrote].include?("+person") }
    person = KrayinSync::Records::Link.find_by(kind: "contact", record_id: jane.id).person_id
    expect(created).to include(status: "synced", wrote: include("+lead"), requests: be > 1,
                               krayin: include(include(type: "person", id: person)))
    expect(janes).to include(include(kind: "conversation", number: talk.display_id, page: %r{/conversations/}))
    kept = line.where(hook_id: hook.id).map { |one| one.attributes.to_json }.join
    [jane.email, jane.phone_number, "Jane", "Poe", "s3cr3t"].each { |value| expect(kept).not_to include(value) }
  end

  it "is found by contact, time and failure, a page at a time, and never an account's by another" do
    people = Array.new(3) { |n| contact("Ann #{n}").tap { run_all } }
    mike = refused("Mike")
    seen = []
    after = nil
    loop do
      page = log(limit: 2, after: after)
      seen += page[:lines].map { |one| one[:contact_id] }
      break unless (after = page[:after])
    end
    expect(seen).to eq([mike, *people.reverse].map(&:id))
    expect(log(contact: "ann 1")[:lines].map { |one| one[:contact_id] }).to eq([people[1].id])
    expect(log(contact: people[2].id.to_s)[:lines].map { |one| one[:contact_id] }).to include(people[2].id)
    expect(log(contact: "%")[:lines]).to eq([])
    expect(log(failed: "true")[:lines].map { |one| one[:contact_id] }).to eq([mike.id])
    line.where(hook_id: hook.id, contact_id: mike.id).update_all(at: Time.utc(2026, 1, 2, 3))
    january = log(from: "2026-01-02T00:00:00Z", to: "2026-01-03T00:00:00Z")[:lines]
    expect(january.map { |one| [one[:contact_id], one[:at]] }).to eq([[mike.id, "2026-01-02T03:00:00Z"]])
    people[0].delete
    expect(log(contact: people[0].id)[:lines]).to include(include(name: nil, page: nil, contact_id: people[0].id))
    other = Integrations::Hook.new(account_id: account.id + 1, app_id: "krayin", settings: {})
    expect(KrayinSync::Chatwoot::LogList.new(other).page).to eq(lines: [], after: nil)
    [{ after: "x" }, { after: "1" }, { from: "yesterday" }, { to: "2026" }].each do |odd|
      expect { log(**odd) }.to raise_error(ArgumentError)
    end
  end

  it "costs an event no statement, and that which changed nothing no line" do
    contact("Ann")
    run_all
    history.flush
    jane = contact("Jane")
    asked = { "hook_id" => hook.id, "kind" => "contact", "id" => jane.id }
    Sidekiq::Queue.all.each(&:clear)
    job = KrayinSync::Chatwoot::EventJob.new
    written = statements { job.perform(asked) }
    expect(log[:lines].size).to eq(2)
    job.perform(asked)
    expect(log[:lines].size).to eq(2)
    expect(written).to be <= 3
    contact("Bob")
    run_all
    expect(statements { history.flush }).to be <= 4
  end

  it "is counted by the hour: what was made, from which inbox, how fast, and why not" do
    box = inbox(account, "Whatsapp")
    jane = contact("Jane", phone_number: "+1415555#{rand(1000..9999)}")
    talk = conversation(jane, box)
    run_all
    refused("Mike")
    talk.update!(first_reply_created_at: talk.created_at + 90)
    expect(counted("created")).to include("person" => 1, "lead" => 1, "activity" => 1)
    expect(counted("leads_inbox")).to eq(box.id.to_s => 1)
    source = hook.settings.values_at("default_source_id", "default_source_name")
    expect(counted("leads_source")).to eq(source.first.to_s => 1)
    expect(KrayinSync::Chatwoot::Analytics.new(hook).to_h[:of]["source"])
      .to include(include(id: source.first.to_s, name: source.last, leads: 1))
    expect(counted("to_lead")).to eq("60" => 1)
    expect(counted("failures")).to eq("values_refused" => 1)
    expect(counted("events")).to include("refused" => 1)
    expect(counted("delay").values.sum).to eq(counted("events").values.sum - 1)
    expect(counted("requests")[""]).to be >= line.where(hook_id: hook.id).sum(:requests)
    history.replied(hook.id, 90)
    expect(counted("to_reply")).to include("300" => be >= 1)
  end

  it "is added up by many at once, keeps what it cannot write yet, and forgets what is old" do
    hour = Time.utc(2026, 5, 1, 8)
    keys = Array.new(40) { |n| [hook.id, hour, "events", "p#{n}"] }
    budget = [hook.id, hour, "budget", ""]
    threads = Array.new(4) do |n|
      Thread.new do
        ActiveRecord::Base.connection_pool.with_connection do
          10.times { hours.add(keys.shuffle.to_h { |key| [key, 1] }.merge(budget => n * 10)) }
        end
      end
    end
    threads.each(&:join)
    expect(hours.where(hook_id: hook.id, hour: hour, name: "events").pluck(:count).uniq).to eq([40])
    expect(hours.where(hook_id: hook.id, hour: hour, name: "budget").pluck(:count)).to eq([30])

    allow(KrayinSync::Chatwoot::HourCount).to receive(:add).and_raise(ActiveRecord::ConnectionNotEstablished)
    contact("Jane")
    run_all
    history.flush
    expect(line.where(hook_id: hook.id).count).to eq(0)
    allow(KrayinSync::Chatwoot::HourCount).to receive(:add).and_call_original
    expect(log[:lines].size).to eq(1)
    line.where(hook_id: hook.id).update_all(at: Time.now.utc - (31 * 86_400))
    hours.where(hook_id: hook.id, hour: hour).update_all(hour: Time.now.utc - (401 * 86_400))
    2.times { KrayinSync::Chatwoot::Sweep.new(since: Time.now).run }
    expect([line.where(hook_id: hook.id).count, hours.where("hour < ?", hour).count]).to eq([0, 0])
  end

  it "is written once that can be done, also where nothing follows" do
    allow(KrayinSync::Chatwoot::HourCount).to receive(:add).and_raise(ActiveRecord::ConnectionNotEstablished)
    contact("Jane")
    run_all
    # A process of Sidekiq's writes by itself.
    allow(Sidekiq).to receive(:server?).and_return(true)
    history.flush
    allow(Sidekiq).to receive(:server?).and_call_original
    allow(KrayinSync::Chatwoot::HourCount).to receive(:add).and_call_original
    eventually { line.where(hook_id: hook.id).exists? }
  end

  it "is told by the hour and by the reader's day, with medians, and as CSV" do
    box = inbox(account)
    rows = { "events synced" => 7, "bulk synced" => 2, "events refused" => 1, "requests " => 120, "budget " => 60,
             "leads_inbox #{box.id}" => 3, "leads_inbox " => 1, "leads_source 5" => 4, "won_inbox #{box.id}" => 1,
             "failures values_refused" => 1, "delay 2" => 90, "delay 10" => 9, "delay more" => 1, "to_lead 60" => 4 }
    late = Time.utc(2026, 5, 3, 23)
    hours.add(rows.transform_keys { |name| [hook.id, late, *name.split(" ", 2)] })
    analytics = lambda do |**asked|
      KrayinSync::Chatwoot::Analytics.new(hook, from: "2026-05-01", to: "2026-05-04", **asked)
    end
    told = analytics.call.to_h
    expect(told.values_at(:step, :from, :to)).to eq(%w[day 2026-05-01 2026-05-04])
    expect(told[:series]).to include("synced" => [0, 0, 9, 0], "refused" => [0, 0, 1, 0], "requests" => [0, 0, 120, 0],
                                     "leads" => [0, 0, 4, 0], "won" => [0, 0, 1, 0], "lost" => [0, 0, 0, 0])
    expect(told[:use]).to eq([0.0, 0.0, 0.14, 0.0])
    expect(told[:times_taken]["delay"]).to include(count: 100, median: be_between(1, 2), most: be_between(5, 10))
    expect(told[:times_taken]["to_won"]).to include(count: 0, median: nil, most: nil)
    expect(told[:failures]).to match([include(code: "values_refused", count: 1, sentence: /\A[A-Z]/)])
    expect(told[:of]["inbox"]).to eq([{ id: box.id.to_s, name: box.name, persons: 0, leads: 3, won: 1, lost: 0 },
                                      { id: nil, name: nil, persons: 0, leads: 1, won: 0, lost: 0 }])
    expect(told[:of]["source"]).to match([include(id: "5", leads: 4)])

    # In Berlin it was the next day by then.
    expect(analytics.call(zone: "Europe/Berlin").to_h[:series]["synced"]).to eq([0, 0, 0, 9])
    hourly = KrayinSync::Chatwoot::Analytics.new(hook, from: "2026-05-03", to: "2026-05-03")
    expect(hourly.to_h.values_at(:step, :times).then { |step, times| [step, times.size] }).to eq(["hour", 24])
    expect(hourly.to_h[:series]["synced"].last).to eq(9)
    names, *lines = analytics.call.to_csv.lines(chomp: true).map { |one| one.split(",") }
    expect(lines.map { |one| names.zip(one).to_h })
      .to include(include("time" => "2026-05-03T00:00:00Z", "synced" => "9", "requests" => "120", "leads" => "4"))
    [{ from: "x" }, { zone: "Mars/Olympus" }, { from: "2026-05-05" }, { from: "2020-01-01" }].each do |odd|
      expect { analytics.call(**odd) }.to raise_error(ArgumentError)
    end
  end
end
