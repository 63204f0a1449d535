# frozen_string_literal: true

require_relative "support/small_chatwoot"

# The jobs run here, one by one, so that what they ask of Redis can be counted and come between.
RSpec.describe "What a job passes", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    @krayin = Krayin.new(SmallChatwoot.servers, "gate", throttle: false)
    @account, @hook = connect(@krayin)
    job("contact", contact("first").id).perform(asked("contact", @account.contacts.first.id))
  end

  after(:context) do
    @hook.destroy!
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    @krayin.stop
  end

  before { Sidekiq.redis { |redis| redis.call("FLUSHDB") } }

  let(:krayin) { @krayin }
  let(:store) { KrayinSync::Chatwoot::RedisStore }
  let(:registry) { KrayinSync::Chatwoot::JobRegistry }
  let(:event_data) { KrayinSync::Chatwoot::EventData }

  def contact(word) = @account.contacts.create!(name: word, email: "#{word}@gate.example")

  def asked(kind, id, **more)
    { "job_id" => "spec", "hook_id" => @hook.id, "kind" => kind, "id" => id, "bulk" => false }.merge(more)
  end

  def job(*) = KrayinSync::Chatwoot::EventJob.new.tap { |job| job.jid = "spec#{rand(1_000_000)}" }

  def run(contact, **more) = job.perform(asked("contact", contact.id, **more.transform_keys(&:to_s)))

  def entry(contact) = KrayinSync::Chatwoot::RecordRef.new(@hook.id, "contact", contact.id)

  def calls_to_redis
    calls = 0
    allow(store).to receive(:call).and_wrap_original do |call, *command|
      calls += 1
      call.call(*command)
    end
    yield
    calls
  end

  def put_off = Sidekiq::ScheduledSet.new.map { |job| job.args.first["id"] }

  it "costs a new contact three calls to Redis, and one that changed nothing one" do
    run(contact("warm"))
    jane = contact("jane")
    expect(calls_to_redis { run(jane) }).to be <= 3
    expect(krayin.person(jane.email)).to include("name" => "jane")
    entry(jane).enqueue
    krayin.forget_requests
    expect(calls_to_redis { run(jane) }).to be <= 1
    expect([krayin.requests, registry.sizes.values.sum]).to eq([[], 0])
  end

  it "costs a new contact three statements, and one that changed nothing one, with what is known of the hook" do
    run(contact("warm up"))
    jill = contact("jill")
    expect(statements { run(jill) }).to be <= 3
    expect(statements { run(jill) }).to be <= 1
    expect(krayin.person(jill.email)).to include("name" => "jill")
  end

  # What is read from here on; the block runs after the first read.
  def reads(&meanwhile)
    seen = []
    allow(event_data).to receive(:read).and_wrap_original do |read, *arguments, **named|
      read.call(*arguments, **named).tap { |data| meanwhile.call if seen.push(data).one? }
    end
    seen
  end

  it "loses no change that comes while a record is looked at" do
    joe = contact("joe")
    run(joe)
    entry(joe).enqueue
    seen = reads do
      joe.update_columns(name: "Joe 2")
      expect(entry(joe).enqueue).to be(false)
    end
    run(joe)
    expect(krayin.person(joe.email)).to include("name" => "Joe 2")
    expect([seen.size, registry.sizes.values.sum]).to eq([2, 0])
  end

  it "loses no change that comes while another is on its way to Krayin" do
    jim = contact("jim")
    run(jim)
    store.call("DEL", store.key("left", @hook.id, jim.id))
    jim.update_columns(name: "Jim 2")
    entry(jim).enqueue
    due = Sidekiq::Queue.new(KrayinSync::Chatwoot.configuration.queue).first.args.first["due"]
    seen = reads do
      jim.update_columns(name: "Jim 3")
      expect(entry(jim).enqueue).to be(false)
    end
    run(jim, due: due)
    expect(krayin.person(jim.email)).to include("name" => "Jim 3")
    expect([seen.size, registry.sizes.values.sum]).to eq([2, 0])
  end

  it "reads a record again where another job has worked on it since it was looked at" do
    kay = contact("kay")
    seen = 0
    allow(event_data).to receive(:read).and_wrap_original do |read, *arguments, **named|
      read.call(*arguments, **named).tap { run(kay) if (seen += 1) == 1 }
    end
    run(kay)
    expect(seen).to eq(3)
    expect(krayin.records["persons"].count { |person| person["name"] == "kay" }).to eq(1)
    expect(krayin.records["leads"].count { |lead| lead["title"].to_s.include?("kay") }).to be <= 1
  end

  it "puts off what it may not do now, whether it is looked at first or brought over in bulk" do
    held = [contact("held"), contact("free")]
    expect(KrayinSync::Chatwoot::Lock.new(@hook.id, held.first.id).take).to be(true)
    [false, true].each { |bulk| run(held.first, bulk: bulk) }
    expect(put_off).to eq([held.first.id] * 2)
    connection = store.connection_id(@hook.reload.settings)
    KrayinSync::Chatwoot::Breaker.new(connection).trip
    [false, true].each { |bulk| run(held.last, bulk: bulk) }
    expect(put_off.count(held.last.id)).to eq(2)
    expect(held.map { |contact| krayin.person(contact.email) }).to eq([nil, nil])
  end

  it "merges two contacts while nobody else works on either of them" do
    kept, merged = %w[kept merged].map { |word| contact(word) }
    [kept, merged].each { |one| run(one) }
    ids = merged.id
    ContactMergeAction.new(account: @account, base_contact: kept, mergee_contact: merged).perform
    merge = -> { job.perform(asked("merge", ids)) }
    [kept.id, ids].each do |held|
      lock = KrayinSync::Chatwoot::Lock.new(@hook.id, held)
      lock.take
      merge.call
      expect([put_off.last, KrayinSync::Chatwoot::Merge.of(ids)]).to match([ids, be_a(Hash)])
      lock.release
      Sidekiq::ScheduledSet.new.clear
    end
    merge.call
    locks = store.call("KEYS", store.key("lock", "*"))
    expect([put_off, KrayinSync::Chatwoot::Merge.of(ids), locks]).to eq([[], nil, []])
    expect(krayin.records["persons"].count { |person| person["name"].include?("merged into") }).to eq(1)
  end

  it "lets no more work on a Krayin at once than it is told, and sends a crowd away for longer" do
    three = Array.new(3) { |n| contact("three#{n}") }
    gates = three.map { |one| KrayinSync::Chatwoot::Gate.new(entry(one), one.id, @hook.reload.settings) }
    gates.each(&:pass)
    late = contact("late")
    run(late)
    run(late, bulk: true)
    expect(put_off).to eq([late.id] * 2)
    waits = lambda do
      Array.new(20) do
        Sidekiq::ScheduledSet.new.clear
        run(late, bulk: true)
        Sidekiq::ScheduledSet.new.first.at - Time.now
      end
    end
    alone = KrayinSync::Chatwoot::EventJob::BUSY.max + 1
    # Another Krayin's crowd is none of this one's.
    5000.times { |n| registry.queue("#{@hook.id + 1}:contact:#{n}") }
    expect(waits.call.max).to be < alone
    2000.times { |n| registry.queue("#{@hook.id}:contact:#{n + 1_000_000}") }
    expect(waits.call.max).to be_between(alone, 45)
    gates.first.leave
    run(late)
    expect(krayin.person(late.email)).to include("name" => "late")
  end

  it "knows how many wait for each Krayin, however they come and go" do
    entries = Array.new(8) { |n| "#{@hook.id}:contact:#{n + 2_000_000}" }
    other = "#{@hook.id + 1}:contact:1"
    waiting = -> { [@hook.id, @hook.id + 1].map { |id| registry.waiting(id) } }
    before = waiting.call
    now = -> { waiting.call.zip(before).map { |count, was| count - was } }
    2.times { (entries + [other]).each { |one| registry.queue(one) } }
    expect(now.call).to eq([8, 1])
    registry.again(entries[0], 5, "a")
    registry.drop(entries[1])
    registry.drop(entries[1])
    registry.start(entries[2])
    registry.finish(entries[2], done: true)
    # Its later event stays.
    registry.queue(entries[3])
    expect([registry.unchanged?(entries[3]), registry.unchanged?(entries[4])]).to eq([false, false])
    expect(now.call).to eq([6, 1])
    registry.start(entries[4])
    registry.queue(entries[4])
    expect(registry.unchanged?(entries[4])).to be(true)
    registry.drop(other)
    expect(now.call).to eq([5, 0])
    store.call("ZADD", store.key("queued"), 1, entries[5], 1, entries[6])
    expect(registry.orphans + KrayinSync::Chatwoot::LostJobs.find).to include(entries[5], entries[6])
    expect(now.call).to eq([3, 0])
    store.call("ZADD", store.key("queued"), 1, other)
    registry.drop(other)
    expect(registry.waiting(@hook.id + 1)).to eq([before.last - 1, 0].max)
  end

  def queue = Sidekiq::Queue.new(KrayinSync::Chatwoot.configuration.queue)
  def pushed = queue.map { |job| job.args.first.values_at("id", "bulk") }

  def gate(contact)
    KrayinSync::Chatwoot::Gate.new(entry(contact), contact.id, @hook.reload.settings).tap(&:pass)
  end

  it "brings those that it has sent away back one by one, as a place is free, those that have time last" do
    working = Array.new(3) { |n| gate(contact("working#{n}")) }
    waiting = Array.new(4) { |n| contact("waiting#{n}") }
    waiting.each_with_index { |one, n| run(one, bulk: n.zero?) }
    expect([put_off.size, pushed]).to eq([4, []])
    # What kept this one may keep others.
    working.last.release
    expect(pushed).to eq([])
    working.first.leave
    expect(pushed).to eq([[waiting[1].id, false]])
    queue.clear
    [1, 2].each { |n| run(waiting[n]) }
    expect(pushed).to eq([[waiting[3].id, false], [waiting[2].id, false]])
    run(waiting[3])
    expect(pushed.first).to eq([waiting[0].id, true])
    run(waiting[0], bulk: true)
    expect(pushed.size).to eq(3)
  end

  # The job that was brought last, as Sidekiq runs it.
  def brought
    asked = queue.first.args.first
    queue.clear
    expect(asked["brought"]).to be(true)
    job.perform(asked)
    asked["id"]
  end

  it "brings the next where the one that was brought has nothing to do, is gone or has its contact at work" do
    known, gone, busy, fresh = all = %w[known gone busy fresh].map { |word| contact(word) }
    run(known)
    known.update_columns(name: "Known 2")
    working = Array.new(3) { |n| gate(contact("work#{n}")) }
    all.each { |one| run(one) }
    expect([put_off.size, pushed]).to eq([4, []])
    known.update_columns(name: "known")
    gone.destroy
    KrayinSync::Chatwoot::Lock.new(@hook.id, busy.id).take
    working.first.leave
    order = []
    order << brought while queue.any?
    expect(order).to match_array(all.map(&:id))
    expect(krayin.person(fresh.email)).to include("name" => "fresh")
  end

  it "brings the next where Krayin refuses a record, and nobody where it answers none" do
    working = Array.new(3) { |n| gate(contact("at work #{n}".tr(" ", "-"))) }
    late = contact("refused-before")
    run(late)
    settle = lambda do |gate, error|
      KrayinSync::Chatwoot::Setback.new(entry(late), @hook, gate, jid: "spec", began: Time.now).settle(error)
      pushed
    end
    expect(settle.call(working[0], KrayinSync::UnavailableError.new("away"))).to eq([])
    expect(settle.call(working[1], KrayinSync::RateLimitError.new("enough", retry_after: 60.0))).to eq([])
    expect(settle.call(working[2], KrayinSync::ValidationError.new("no"))).to eq([[late.id, false]])
    # Others count those that were refused.
    KrayinSync::Records::Link.where(kind: "contact", record_id: late.id).delete_all
  end

  it "leaves a record to the job that has begun since, unless it is the one that tries it again" do
    max = contact("max")
    run(max)
    entry(max).enqueue(delay: 20)
    entry(max).enqueue(urgent: true)
    scheduled = Sidekiq::ScheduledSet.new.first.args.first
    first = queue.first.args.first
    max.update_columns(name: "Max 2")
    job.perform(first)
    expect(krayin.person(max.email)).to include("name" => "Max 2")
    krayin.forget_requests
    max.update_columns(name: "Max 3")
    job.perform(scheduled)
    expect(krayin.requests).to eq([])
    registry.fail(entry(max).to_s, "tries")
    job.tap { |one| one.jid = "tries" }.perform(scheduled)
    expect(krayin.person(max.email)).to include("name" => "Max 3")
  end

  it "does not take another job's place in the journal where it has found nothing" do
    may = contact("may")
    run(may)
    entry(may).enqueue
    entry(may).requeue(20, jid: "put off")
    job.perform(queue.first.args.first)
    expect(registry.waiting(@hook.id)).to eq(1)
    may.update_columns(name: "May 2")
    job.perform(Sidekiq::ScheduledSet.new.first.args.first)
    expect([krayin.person(may.email)["name"], registry.waiting(@hook.id)]).to eq(["May 2", 0])
  end

  it "leaves a record to its later job, so that one that was brought back and sent away again has no more than that" do
    lot = contact("lot")
    entry(lot).enqueue(delay: 20)
    entry(lot).requeue(40, jid: "again")
    first, second = Sidekiq::ScheduledSet.new.map { |job| job.args.first }.sort_by { |asked| asked["due"] }
    job.perform(first)
    expect([put_off.size, krayin.person(lot.email)]).to eq([2, nil])
    job.perform(second)
    expect(krayin.person(lot.email)).to include("name" => "lot")
  end

  it "brings a contact's next job back when the one before it has ended" do
    pat = contact("pat")
    working = gate(pat)
    run(pat)
    run(contact("somebody else"))
    expect([put_off, pushed]).to eq([[pat.id], []])
    working.leave
    expect(pushed).to eq([[pat.id, false]])
  end

  it "frees the place of a job that was killed before long, and keeps that of one that goes on" do
    killed, alive, other = Array.new(3) { |n| gate(contact("place#{n}")) }
    late = contact("latecomer")
    at_work = store.call("KEYS", "krayin_sync:at_work:*").first
    store.call("ZRANGE", at_work, 0, -1).each { |member| store.call("ZINCRBY", at_work, -25, member) }
    [alive, other].each { |gate| gate.instance_variable_set(:@fresh_until, 0) && gate.extend_life }
    expect { run(late) }.to change { put_off.size }.by(1)
    store.call("ZRANGE", at_work, 0, -1).each { |member| store.call("ZINCRBY", at_work, -6, member) }
    run(late)
    expect(krayin.person(late.email)).to include("name" => "latecomer")
    expect(store.call("ZCARD", at_work)).to eq(2)
    killed.release
  end

  it "counts no event that it puts off, and tells of none that failed" do
    lou = contact("lou")
    KrayinSync::Chatwoot::Lock.new(@hook.id, lou.id).take
    told = []
    ActiveSupport::Notifications.subscribed(->(*event) { told << event.last }, "perform.krayin_sync") { run(lou) }
    expect(told.map { |payload| [payload[:outcome], payload[:exception]] }).to eq([[{ status: "put_off" }, nil]])
  end

  it "sees a breaker closed by what Krayin has answered alone" do
    moe = contact("moe")
    run(moe)
    breaker = KrayinSync::Chatwoot::Breaker.new(store.connection_id(@hook.reload.settings))
    breaker.trip
    advance(60)
    [false, true].each { |bulk| run(moe, bulk: bulk) }
    expect(KrayinSync::Chatwoot::Breaker.states.values).to eq([true])
    moe.update_columns(name: "Moe 2")
    run(moe)
    expect(KrayinSync::Chatwoot::Breaker.states.values).to eq([false])
  end

  it "goes by the hook as it stands, whoever wrote it" do
    ned = contact("ned")
    hook = Integrations::Hook.where(id: @hook.id)
    run(ned)
    hook.update_all("settings = settings || '{\"api_token\": \"9|other\"}'")
    ned.update_columns(name: "Ned 2")
    run(ned)
    expect(krayin.person(ned.email)).to include("name" => "ned")
    hook.update_all(["settings = settings || ?", JSON.generate("api_token" => krayin.tokens.first)])
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    @account.update_columns(feature_flags: 0)
    run(ned)
    expect(krayin.person(ned.email)).to include("name" => "ned")
    @account.update_columns(feature_flags: Account::CRM_INTEGRATION)
    run(ned)
    expect(krayin.person(ned.email)).to include("name" => "Ned 2")
  end
end
