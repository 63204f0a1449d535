# frozen_string_literal: true

require "stringio"
require_relative "support/small_chatwoot"

# Contacts are written as an import does it, without events.
RSpec.describe "A backfill", :chatwoot do
  before(:context) { SmallChatwoot.start }

  let(:krayin) { Krayin.new(servers, "backfill#{rand(1_000_000)}", throttle: false) }
  let(:word) { "bf#{rand(1_000_000)}" }
  let(:backfill) { KrayinSync::Chatwoot::Backfill }
  let(:link) { KrayinSync::Records::Link }
  let(:account) { @account }
  let(:hook) { @hook.reload }

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    backfill.delete_all
    KrayinSync::Chatwoot::BackfillLane.delete_all
    # Each simulated Krayin is taken for the one before.
    link.delete_all
    @account, @hook = connect(krayin, sync_conversations: true, sync_messages: true)
    run_all
    @sidekiqs = []
  end

  after do
    @sidekiqs.each { |pid| servers.end_process(pid) }
    Integrations::Hook.where(id: @hook.id).delete_all
    krayin.stop
  end

  def fill(count, name: word, **fields)
    rows = Array.new(count) do |n|
      { name: "#{name} #{n}", email: "#{name}-#{n}@past.example", account_id: account.id, additional_attributes: {},
        created_at: 30.days.ago, updated_at: 30.days.ago, **fields }
    end
    Contact.where(id: Contact.insert_all(rows).rows.flatten).order(:id).to_a
  end

  def persons(of = word) = krayin.records["persons"].select { |person| person["name"].to_s.start_with?("#{of} ") }

  def expect_each_once(contacts, of = word)
    expect(persons(of).map { |person| person["name"] }).to match_array(contacts.map(&:name))
    leads = krayin.records["leads"].map { |lead| lead["person_id"] }.tally
    expect(persons(of).map { |person| leads[person["id"]] }).to all(eq(1))
  end

  def sidekiq = SmallChatwoot.sidekiq.tap { |pid| @sidekiqs << pid }

  # As a heartbeat does it once the lease of what a dead process had is over.
  def recover
    KrayinSync::Chatwoot::BackfillLane.update_all(leased_until: 1.second.ago)
    KrayinSync::Chatwoot::Sweep.recover
  end

  def ended(run, seconds = 90) = eventually(seconds) { run.reload.state != "running" }

  it "brings all that is there, each once, as estimated; and asks nothing where nothing is to change" do
    contacts = fill(70)
    box = inbox(account)
    talks = contacts.first(3).map { |contact| conversation(contact, box, created_at: 20.days.ago) }
    message(talks.first, "Said long ago", created_at: 20.days.ago)
    fill(2, name: "nobody", email: nil)
    clear
    told = backfill.estimate(hook)
    expect(told).to include(contacts: 70, known: 0, new: 70, conversations: 3, messages: 1, left_out: 2)
    krayin.forget_requests
    run = backfill.start(hook)
    run_all
    expect(run.progress).to include(state: "done", done: 70, total: 70, created: 70, conversations: 3, messages: 1,
                                    seconds_left: 0)
    expect_each_once(contacts)
    expect(krayin.records["activities"].count { |known| known["comment"].to_s.include?("Said long ago") }).to eq(2)
    spent = krayin.requests.size
    expect(run.requests).to eq(spent)
    expect(told[:requests]).to be_within(spent * 0.05).of(spent)

    krayin.forget_requests
    again = backfill.start(hook)
    run_all
    expect(again.progress).to include(state: "done", done: 70, unchanged: 70, requests: 0)
    expect(krayin.requests).to eq([])
  end

  it "counts once, and begins nothing where whoever starts it leaves on seeing how much there is" do
    fill(3)
    clear
    counted = class_spy(KrayinSync::Chatwoot::BackfillEstimate, of: { contacts: 3 })
    stub_const("KrayinSync::Chatwoot::BackfillEstimate", counted)
    seen = catch(:left) { backfill.start(hook) { |estimate| throw :left, estimate } }
    expect([seen, backfill.count]).to eq([{ contacts: 3 }, 0])
    expect(counted).to have_received(:of).once
  end

  it "tells what became of whom" do
    fill(4)
    known = fill(1, name: "known#{word}").first
    KrayinSync::Chatwoot::RecordRef.new(hook.id, "contact", known.id).enqueue
    run_all
    link.where(kind: "contact", record_id: known.id).delete_all
    changed = fill(1, name: "changed#{word}").first
    KrayinSync::Chatwoot::RecordRef.new(hook.id, "contact", changed.id).enqueue
    run_all
    changed.update_columns(name: "other#{word} 0", updated_at: Time.now)
    run = backfill.start(hook)
    run_all
    expect(run.report).to include(done: 6, created: 4, linked: 1, updated: 1, refused: 0, later: 0, examples: {})
    expect(persons("other#{word}").size).to eq(1)
    expect(persons("known#{word}").size).to eq(1)
  end

  it "takes those who are chosen" do
    contacts = fill(6)
    box = inbox(account)
    conversation(contacts[0], box)
    contacts[1].update_columns(last_activity_at: 1.day.ago)
    contacts[2].update!(label_list: ["vip"])
    clear
    wanted = ->(**choice) { backfill.estimate(hook, **choice)[:contacts] }
    expect([wanted.call, wanted.call(inbox: box.id.to_s), wanted.call(label: "vip"),
            wanted.call(since: 2.days.ago.to_s), wanted.call(since: Date.new(2020, 1, 1)),
            wanted.call(inbox: box.id, label: " VIP ")])
      .to eq([6, 1, 1, 1, 6, 0])
    expect(wanted.call(label: "VIP")).to eq(1)
    expect(backfill.estimate(hook, conversations: "false")[:conversations]).to eq(0)
    run = backfill.start(hook, inbox: box.id, conversations: false)
    run_all
    expect([run.reload.done, run.conversations, persons.map { |one| one["name"] }]).to eq([1, 0, [contacts[0].name]])
  end

  it "brings those whom its Krayin is for, where an account has several" do
    contacts = fill(4)
    box = inbox(account)
    [box, inbox(account, "Email")].each { |one| conversation(contacts[1], one) }
    clear
    hook.update!(settings: hook.settings.merge("route_inboxes" => box.name))
    run_all
    expect(backfill.estimate(hook)).to include(contacts: 1, left_out: 3, conversations: 1)
    run = backfill.start(hook)
    run_all
    expect(run.report).to include(done: 1, conversations: 1)
    expect(persons.map { |one| one["name"] }).to eq([contacts[1].name])
    hook.update!(settings: hook.settings.merge("route_inboxes" => "", "route_countries" => "PT"))
    contacts[2].update_columns(additional_attributes: { "country_code" => "PT" })
    stub_const("KrayinSync::Chatwoot::BackfillWork::HAND", 1)
    expect(backfill.estimate(hook.reload)).to include(contacts: 1, left_out: 3)
    run = backfill.start(hook.reload)
    run_all
    expect(run.report).to include(state: "done", done: 1, total: 1, created: 1, skipped: 0)
    expect(persons.map { |one| one["name"] }).to eq(contacts.values_at(1, 2).map(&:name))
  end

  it "says what cannot be chosen before anything is asked" do
    fill(1)
    { { inbox: 0 } => /inbox must be the id/, { inbox: "x" } => /inbox must/,
      { since: "soon" } => /since must be a day/, { since: 7 } => /since must/,
      { since: "monday" } => /since must/, { since: "31 Jan" } => /since must/, { since: "2026-13-40" } => /since must/,
      { messages: "perhaps" } => /messages must be true or false/ }.each do |wrong, words|
      expect { backfill.start(hook, **wrong) }.to raise_error(ArgumentError, words)
    end
    hook.update!(settings: hook.settings.merge("sync_messages" => false))
    expect { backfill.start(hook, messages: true) }.to raise_error(ArgumentError, /sync_messages/)
  end

  it "says what cannot be done" do
    fill(1)
    expect { backfill.start(hook, label: "nobody") }.to raise_error(backfill::NotPossible, /no contact/)
    run = backfill.start(hook)
    expect { backfill.start(hook) }.to raise_error(backfill::NotPossible, /under way/)
    expect { run.resume }.to raise_error(backfill::NotPossible, /is running/)
    run.cancel
    %i[pause resume cancel].each do |step|
      expect { run.public_send(step) }.to raise_error(backfill::NotPossible, /is cancelled/)
    end
    hook.disabled!
    expect { backfill.start(hook) }.to raise_error(backfill::NotPossible, /disabled/)
    hook.update_columns(status: 1, settings: hook.settings.except("traits"))
    expect { backfill.start(hook) }.to raise_error(backfill::NotPossible, /set-up has not ended/)
  end

  it "leaves out nothing of a choice that is no single value" do
    controller = KrayinSync::Chatwoot::BackfillsController.new
    { inbox: [4], label: { "0" => "vip" }, conversations: ["false"] }.each do |name, wrong|
      controller.params = ActionController::Parameters.new(name => wrong)
      expect { controller.send(:choice) }.to raise_error(ArgumentError, /#{name} must be one value/)
    end
    controller.params = ActionController::Parameters.new(inbox: 4, label: nil, other: [1])
    expect(controller.send(:choice)).to eq(inbox: 4, label: nil)
  end

  it "keeps nobody waiting for a run whose connection is gone, or leads elsewhere" do
    fill(1)
    left = backfill.start(hook).pause
    clear
    Integrations::Hook.where(id: hook.id).delete_all
    @hook = account.hooks.create!(app_id: "krayin", settings: krayin.settings)
    run_all
    moved = backfill.start(@hook.reload).pause
    expect(left.reload.state).to eq("cancelled")
    clear
    _, other = connect(krayin)
    run_all
    fill(1, name: "#{word} other", account_id: other.account_id)
    expect { backfill.start(other.reload) }.to raise_error(backfill::NotPossible, /under way/)
    @hook.update_columns(settings: @hook.settings.deep_merge("traits" => { "instance" => "another" }))
    expect(backfill.start(other).state).to eq("running")
    expect(moved.reload.state).to eq("cancelled")
    other.delete
  end

  it "ends one that had stopped where another is started" do
    fill(1)
    stopped = backfill.start(hook)
    stopped.stop("Look at it.")
    again = backfill.start(hook)
    expect([stopped.reload.state, stopped.lanes.count, again.state]).to eq(["cancelled", 0, "running"])
  end

  it "brings conversations where something of theirs is written with the contact" do
    hook.update!(settings: hook.settings.merge("sync_conversations" => false, "sync_messages" => false,
                                               "label_tags" => "person"))
    run_all
    conversation(fill(1).first, inbox(account), created_at: 20.days.ago, label_list: %w[vip])
    clear
    run = backfill.start(hook)
    run_all
    expect(run.progress).to include(state: "done", conversations: 1)
    expect(persons.first["tag_ids"].size).to eq(1)
  end

  it "rests and goes on, and ends where it is told" do
    contacts = fill(60)
    run = backfill.start(hook)
    stub_const("KrayinSync::Chatwoot::BackfillWork::SLICE", 0)
    job = lambda do
      Sidekiq::Queue.all.flat_map(&:to_a).each do |one|
        one.delete
        one.klass.constantize.new.perform(*one.args)
      end
    end
    3.times { job.call }
    run.pause
    job.call
    expect([run.reload.state, run.done, Sidekiq::Queue.all.sum(&:size)]).to eq(["paused", 3, 0])
    recover
    expect(Sidekiq::Queue.all.sum(&:size)).to eq(0)
    expect { backfill.start(hook) }.to raise_error(backfill::NotPossible)
    run.resume
    3.times { job.call }
    expect(run.reload.done).to eq(6)
    run.cancel
    job.call
    expect([run.reload.state, persons.size, Sidekiq::Queue.all.sum(&:size)]).to eq(["cancelled", 6, 0])
    backfill.start(hook)
    run_all
    expect_each_once(contacts)
    expect(backfill.of(hook)).to have_attributes(state: "done", done: 60, unchanged: 6, created: 54)
  end

  it "stops where the first were refused, and goes on once that is mended" do
    contacts = fill(120)
    krayin.faults({ method: "POST", path: "/leads", action: "status", status: 422, times: "forever",
                    body: { message: "The given data was invalid.", errors: { title: ["The title is taken."] } } })
    run = backfill.start(hook)
    run_all
    expect(run.progress).to include(state: "stopped", done: 50, refused: 50, reason: /50 of the first 50 .*refused/)
    expect(run.report[:examples]["refused"].size).to eq(50)
    krayin.heal
    run.resume
    run_all
    expect(run.progress).to include(state: "done", done: 120, refused: 50, created: 70)
    expect(Sidekiq::DeadSet.new.size).to eq(0)
    kept = link.where(kind: "contact", record_id: contacts.first(50).map(&:id))
    expect(kept.pluck(:state).tally).to eq("refused" => 50)
    backfill.start(hook)
    run_all
    expect_each_once(contacts)
  end

  it "has several jobs where many are in Krayin already, and stops all the same where the first others were refused" do
    stub_const("KrayinSync::Chatwoot::Backfill::UNASKED", 20)
    fill(60)
    backfill.start(hook)
    run_all
    fill(400, name: "#{word} later")
    krayin.faults({ method: "POST", path: "/leads", action: "status", status: 422, times: "forever",
                    body: { message: "The given data was invalid.", errors: { title: ["The title is taken."] } } })
    run = backfill.start(hook)
    run_all
    jobs = run.lanes.count
    expect(jobs).to be > 1
    # Each had one in hand.
    expect(run.progress).to include(state: "stopped", unchanged: 60, refused: be_between(50, 49 + jobs))
    krayin.heal
    run.resume
    run_all
    told = run.progress
    expect(told).to include(state: "done", done: 460, unchanged: 60)
    expect(told.values_at(:refused, :created).sum).to eq(400)
  end

  def entry(value) = [{ value: value, label: "work" }]

  def forget_links(contacts) = link.where(kind: "contact", record_id: contacts.map(&:id)).delete_all

  def writes = krayin.requests.reject { |request| request["method"] == "GET" }

  def asked = krayin.requests.map { |request| request["path"] }.grep(/search/)

  it "reads whom Krayin has first, and looks for nobody else" do
    there = fill(3, name: "#{word}there", phone_number: nil)
    krayin.add_person(name: there[0].name, emails: entry(there[0].email.upcase), contact_numbers: entry("+14155550160"))
    krayin.add_person(name: "X", emails: entry("x@past.example") + entry(there[1].email),
                      contact_numbers: entry("+14155550161"))
    there[2].update_columns(email: nil, phone_number: "+14155550162")
    krayin.add_person(name: there[2].name, emails: entry("y@past.example"), contact_numbers: entry("(415) 555-0162"))
    contacts = fill(120)
    krayin.forget_requests
    run = backfill.start(hook)
    run_all
    expect(run.progress).to include(state: "done", done: 123, created: 120, linked: 3)
    expect(asked).to eq([])
    # Two to read whom it has, two for the three who are there, and their leads.
    expect([run.requests, krayin.requests.size, writes.size + 4]).to all(be <= 120 + (3 * 2) + 4)
    expect_each_once(contacts)
    left = "SELECT count(*) FROM krayin_sync_backfill_keys WHERE backfill_id = #{run.id}"
    expect(ActiveRecord::Base.connection.select_value(left)).to eq(0)
  end

  it "sees whom a colleague has made since Krayin was read" do
    stub_const("KrayinSync::Chatwoot::BackfillWork::HAND", 25)
    contacts = fill(120)
    contacts.last.update_columns(email: nil, phone_number: "+14155550177")
    hands = 0
    allow_any_instance_of(backfill).to receive(:hand_out).and_wrap_original do |hand_out, *arguments|
      if (hands += 1) == 2
        krayin.add_person(name: contacts.last.name, emails: [{ value: "z@past.example", label: "work" }],
                          contact_numbers: [{ value: "415 555 0177", label: "work" }])
        backfill.update_all(index_looked_at: 1.hour.ago)
      end
      hand_out.call(*arguments)
    end
    run = backfill.start(hook)
    run_all
    expect(run.progress).to include(state: "done", created: 119, linked: 1)
    expect_each_once(contacts)
  end

  it "reads those together whom Krayin has, and neither searches nor looks for each" do
    contacts = fill(130, additional_attributes: { company_name: "O'Neil & Co" })
    backfill.start(hook)
    run_all
    forget_links(contacts)
    before = krayin.records.slice("persons", "leads", "organizations")
    expect(backfill.estimate(hook)).to include(new: 130, there: 130, requests: 5)
    # By pages, and by places.
    [{ "ALL" => 30, "PAGES" => 5 }, { "ALL" => 10, "PAGES" => 1, "PLACES" => 4, "EACH" => 10 }].each do |sample|
      sample.each { |name, size| stub_const("KrayinSync::Chatwoot::BackfillSample::#{name}", size) }
      expect(backfill.estimate(hook)).to include(there: 130)
    end
    krayin.forget_requests
    run = backfill.start(hook)
    expect(run.estimate).to include("there" => 130, "requests" => 5)
    run_all
    expect(run.progress).to include(state: "done", linked: 130, created: 0)
    expect(krayin.records.slice("persons", "leads", "organizations")).to eq(before)
    # Two to read whom it has, and two for each hundred of them.
    expect([run.requests, krayin.requests.size]).to eq([6, 6])
    expect(writes + asked).to eq([])

    link.where(kind: "contact").update_all(updated_at: 1.hour.ago)
    Contact.where(id: contacts.first(40)).update_all("name = name || ' later', updated_at = now()")
    krayin.forget_requests
    changed = backfill.start(hook)
    run_all
    expect(changed.progress).to include(state: "done", updated: 40, unchanged: 90)
    expect(krayin.requests.size - writes.size).to be <= 4
    expect(writes.map { |request| request["path"][/persons|leads/] }.tally).to eq("persons" => 40, "leads" => 40)
    expect_each_once(contacts.each(&:reload))
  end

  it "makes one lead for two contacts who are one person, and none where a colleague has made one since" do
    fill(120, name: "#{word}other")
    twins = [fill(1, name: "#{word}one", phone_number: "+14155550181"),
             fill(1, name: "#{word}one", email: nil, phone_number: nil)].flatten
    twins[1].update_columns(phone_number: "+14155550182")
    numbers = entry("+14155550181") + entry("+14155550182")
    one = krayin.add_person(name: twins[0].name, emails: entry(twins[0].email), contact_numbers: numbers)
    late = fill(1, name: "#{word}late").first
    other = krayin.add_person(name: late.name, emails: entry(late.email), contact_numbers: entry("+14155550183"))
    allow_any_instance_of(backfill).to receive(:hand_out).and_wrap_original do |hand_out, *arguments|
      theirs = krayin.records["leads"].any? { |lead| lead["person_id"] == other }
      krayin.add_lead(title: "Theirs", person_id: other) unless theirs
      hand_out.call(*arguments)
    end
    run = backfill.start(hook)
    run_all
    expect(run.progress).to include(state: "done", created: 120, linked: 3)
    leads = krayin.records["leads"].group_by { |lead| lead["person_id"] }
    expect(leads.values_at(one, other).map(&:size)).to eq([1, 1])
    expect(link.where(kind: "contact", record_id: twins.map(&:id)).pluck(:person_id, :lead_id).uniq.size).to eq(1)
  end

  it "asks for each alone where what was read is over before its turn comes" do
    stub_const("KrayinSync::Chatwoot::BackfillGlance::FRESH", 0)
    contacts = fill(120)
    backfill.start(hook)
    run_all
    forget_links(contacts)
    run = backfill.start(hook)
    run_all
    expect(run.progress).to include(state: "done", linked: 120, refused: 0, later: 0)
    expect_each_once(contacts)
  end

  it "follows what is written in a few pages, however much that is" do
    stub_const("KrayinSync::Chatwoot::BackfillIndex::NEWEST", 1)
    stub_const("KrayinSync::Chatwoot::BackfillIndex::FOLLOW", 0)
    contacts = fill(120)
    run = backfill.start(hook)
    krayin.forget_requests
    run_all
    expect(run.progress).to include(state: "done", created: 120)
    expect_each_once(contacts)
    lists = krayin.requests.map { |request| request["query"].to_h }.select { |query| query["sort"] }
    expect(lists.map { |query| query.values_at("sort", "limit", "page") }.tally.keys)
      .to contain_exactly(%w[id 1000 1], %w[updated_at 1 1], %w[updated_at 1000 1])
  end

  it "reads Krayin anew where more was written than it follows, and not where few are new" do
    stub_const("KrayinSync::Chatwoot::BackfillIndex::MOST", 0)
    stub_const("KrayinSync::Chatwoot::BackfillIndex::NEWEST", 1)
    stub_const("KrayinSync::Chatwoot::BackfillIndex::FOLLOW", 0)
    contacts = fill(120)
    run = backfill.start(hook)
    run_all
    expect(run.progress).to include(state: "done", created: 120)
    expect_each_once(contacts)
    few = fill(5, name: "#{word}few")
    krayin.forget_requests
    run = backfill.start(hook)
    run_all
    expect(run.progress).to include(state: "done", created: 5)
    expect(asked.size).to eq(few.size)
  end

  it "loses no change that another process makes meanwhile, though Rails remembers for a job what it has read" do
    contact = fill(1).first
    backfill.start(hook)
    run_all
    contact.update_columns(name: "#{word} first", updated_at: Time.now)
    reads = 0
    allow(KrayinSync::Chatwoot::EventData).to receive(:read).and_wrap_original do |read, *arguments, **named|
      read.call(*arguments, **named).tap do
        next unless (reads += 1) == 2

        # A write by Rails would make it forget.
        Contact.connection.raw_connection.exec("UPDATE contacts SET name = '#{word} later' WHERE id = #{contact.id}")
        2.times { KrayinSync::Chatwoot::RecordRef.new(hook.id, "contact", contact.id).enqueue }
        Sidekiq::Queue.all.each { |queue| queue.select { |job| job.klass.end_with?("EventJob") }.each(&:delete) }
      end
    end
    backfill.start(hook)
    ActiveRecord::Base.cache { run_all }
    # First it is put aside, and then read again for what has come meanwhile.
    expect(reads).to eq(3)
    expect(persons.map { |person| person["name"] }).to eq(["#{word} later"])
  end

  it "tells in a dry run what would become of each contact, and leaves all as it is" do
    kinds = dry_kinds
    before = krayin.records
    links = link.order(:id).map(&:attributes)
    run = backfill.start(hook, dry_run: true)
    run_all
    expect(run.report).to include(
      dry_run: true, state: "done", done: 6, created: 2, linked: 1, updated: 1, unchanged: 1, doubtful: 1,
      conversations: 0, messages: 0
    )
    named = run.report[:examples].transform_values { |of| of.map(&:first) }
    expect(named).to eq(kinds.transform_values { |of| of.map(&:id) })
    expect(krayin.records).to eq(before)
    expect(link.order(:id).map(&:attributes)).to eq(links)
    expect(KrayinSync::Chatwoot::BackfillWords.csv(run.report)).to include("contact,outcome,reason",
                                                                           "#{kinds["created"][0].id},created,")
    told = KrayinSync::Chatwoot::BackfillWords.report(run.report).join("\n")
    expect(told).to match(/2 would be made\n.*1 would be linked/)
    # And what it told is what happens then.
    real = backfill.start(hook)
    run_all
    expect(real.report).to include(state: "done", done: 6, created: 2, linked: 1, updated: 1, unchanged: 1, doubtful: 1)
  end

  # Some contacts of each kind.
  def dry_kinds
    unchanged, changed = fill(2, name: "#{word}known")
    backfill.start(hook)
    run_all
    changed.update_columns(name: "#{word} renamed", updated_at: Time.now)
    new = fill(2)
    linked = fill(1, name: "#{word}there").first
    krayin.add_person(name: linked.name, emails: entry(linked.email), contact_numbers: entry("+14155550143"))
    shared = fill(1, name: "#{word}shared", email: nil, phone_number: "+14155550142").first
    krayin.add_person(name: "Ann Lee", emails: entry("ann@past.example"), contact_numbers: entry("+14155550142"))
    { "unchanged" => [unchanged], "updated" => [changed], "created" => new, "linked" => [linked],
      "doubtful" => [shared] }
  end

  it "counts what a dry run asks" do
    fill(3)
    krayin.forget_requests
    run = backfill.start(hook, dry_run: true)
    run_all
    expect(run.progress).to include(state: "done", created: 3, requests: 3)
    expect([run.asked, krayin.requests.size]).to eq([3, 3])
  end

  it "asks again in a dry run where Krayin did not answer" do
    fill(3)
    krayin.faults({ method: "GET", path: "/persons/search", action: "broken", times: 2 })
    run = backfill.start(hook, dry_run: true)
    20.times do
      break unless run.reload.running?

      run_all
      advance(120)
    end
    expect(run.report).to include(state: "done", done: 3, created: 3)
    expect(persons).to eq([])
  end

  it "leaves what fails again and again to jobs of its own" do
    contacts = fill(3)
    stub_const("KrayinSync::Chatwoot::RecordWork::FAILED", 0)
    allow(KrayinSync::Chatwoot::EventData).to receive(:read).and_wrap_original do |read, kind, id, *rest, **more|
      raise "odd" if id == contacts[1].id && backfill.of(hook).running?

      read.call(kind, id, *rest, **more)
    end
    run = backfill.start(hook)
    run_all
    expect(run.report).to include(state: "done", done: 3, created: 2, later: 1,
                                  examples: { "later" => [[contacts[1].id, "internal_error"]] })
    expect_each_once(contacts)
  end

  it "goes on when processes are killed, each contact once" do
    contacts = fill(400)
    sidekiq
    run = backfill.start(hook)
    kills = 0
    until run.reload.state == "done"
      sleep(0.2 + (rand * 1.2))
      break if run.reload.state == "done" || kills == 6

      servers.end_process(@sidekiqs.pop, kills.even? ? :KILL : :TERM)
      kills += 1
      sidekiq
      recover
    end
    ended(run)
    puts "", "backfill: #{kills} kills, #{krayin.requests.size} requests, #{run.requests} counted, for 400 contacts"
    expect(kills).to be >= 2
    expect(run.progress).to include(state: "done", done: 400, total: 400)
    settle_after_deaths
    expect_each_once(contacts)
  end

  it "waits for a Krayin that is down, and for a token that is refused" do
    contacts = fill(200)
    sidekiq
    run = backfill.start(hook)
    eventually { run.reload.done > 5 }
    krayin.faults({ action: "close_before_acting", times: "forever" })
    sleep 2
    done = run.reload.done
    expect(run.state).to eq("running")
    krayin.heal
    eventually(60) { run.reload.done > done || run.state == "done" }
    krayin.faults({ action: "refused_token", times: "forever" })
    eventually(60) { @hook.reload.settings["setup_error"] }
    expect(run.reload.state).to eq("running")
    krayin.heal
    KrayinSync::Chatwoot::HookSettings.works(@hook)
    # What has been mended is noticed within a minute.
    advance(60)
    ended(run)
    expect(run.progress).to include(state: "done", done: 200, later: 0)
    expect(persons.size).to be <= 200
    expect_each_once(contacts)
  end

  it "lets live events pass, and brings each contact once, whoever brings it" do
    contacts = fill(300)
    sidekiq
    run = backfill.start(hook)
    eventually(90) { run.reload.done > 5 }
    waits = Array.new(10) do |n|
      began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      contacts.last(10)[n].update!(name: "#{word} live #{n}")
      email = contacts.last(10)[n].email
      eventually(20) { krayin.person(email).to_h["name"] == "#{word} live #{n}" }
      Process.clock_gettime(Process::CLOCK_MONOTONIC) - began
    end
    puts "", format("backfill: live events waited %<worst>.1f s at most, %<done>d of 300 done meanwhile",
                    worst: waits.max, done: run.reload.done)
    ended(run)
    settle
    expect(run.progress).to include(state: "done", done: 300)
    expect_each_once(contacts.each(&:reload))
  end

  it "gives its thread to live events, and to nobody who has time as well" do
    stub_const("KrayinSync::Chatwoot::BackfillWork::SLICE", 600)
    entry = KrayinSync::Chatwoot::RecordRef.new(hook.id, "contact", fill(1, name: "waits#{word}").first.id)
    [true, false].each do |bulk|
      fill(30, name: "#{word}#{bulk}")
      run = backfill.start(hook)
      job = Sidekiq::Queue.all.flat_map(&:to_a).first.tap(&:delete)
      entry.enqueue(bulk: bulk)
      job.klass.constantize.new.perform(*job.args)
      expect(run.reload.done == run.total).to be(bulk)
      run_all
      expect(run.reload.state).to eq("done")
    end
  end

  it "makes as many calls at once as it may, and half of those while answers take twice as long" do
    fill(1)
    run = backfill.start(hook)
    clear
    pace = KrayinSync::Chatwoot::BackfillPace
    told = lambda do |milliseconds|
      one = pace.new(run)
      pace::TOLD.times { one.tell(milliseconds) }
      one.calls
    end
    expect(pace.new(run).calls).to eq(4)
    expect([20, 24, 45, 45, 45, 29, 29, 29, 29].map(&told)).to eq([4, 4, 2, 1, 1, 2, 3, 4, 4])
    allow(KrayinSync::Chatwoot.configuration).to receive(:backfill_calls).and_return(2)
    expect(pace.new(run).calls).to eq(2)
  end

  it "stands aside with what lanes are too many, and ends all the same" do
    contacts = fill(130)
    run = backfill.start(hook)
    allow_any_instance_of(KrayinSync::Chatwoot::BackfillPace).to receive(:calls).and_return(1)
    run_all
    expect(run.progress).to include(state: "done", created: 130)
    expect_each_once(contacts)
  end

  describe "by its tasks" do
    def task(name, *arguments, **env)
      before = ENV.to_h
      ENV.update(env.transform_keys(&:to_s).transform_values(&:to_s))
      out = StringIO.new
      $stdout = out
      rake_task("backfill:#{name}").invoke(*arguments)
      out.string
    ensure
      $stdout = STDOUT
      ENV.replace(before)
    end

    it "estimates, asks before it starts, shows how far it is, and reports" do
      fill(60)
      id = account.id.to_s
      expect(task("estimate", id)).to include("60 contacts: 60 not brought over yet", "about 120 requests")
      allow($stdin).to receive(:gets).and_return("n\n", "y\n")
      refused = "Nothing was started.\n"
      expect { expect { task("start", id) }.to raise_error(SystemExit) }.to output(refused).to_stderr
      expect(backfill.of(hook)).to be_nil
      asked = "Bring 60 contacts to Krayin, with about 120 requests in 2 min? [y/N] Started"
      expect(task("start", id)).to include(asked)
      expect(task("pause", id)).to include("0 of 60", "paused")
      expect(task("resume", id)).to include("begins")
      run_all
      expect(task("progress", id)).to eq("[##############################] 100.0 %  60 of 60  done\n")
      expect(task("report", id)).to match(/^ +60 created$/)
      expect(JSON.parse(task("report", id, JSON: 1))).to include("state" => "done", "created" => 60)
      expect { expect { task("cancel", id) }.to raise_error(SystemExit) }.to output(/is done/).to_stderr
    end
  end
end
