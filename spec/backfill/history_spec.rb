# frozen_string_literal: true

require_relative "support/years"

# Contacts of every kind: CONTACTS=250000 says how many.
RSpec.describe "Contacts of years", :chatwoot do
  before(:context) { SmallChatwoot.start }

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    @random = Random.new(Integer(ENV.fetch("SEED", 1)))
    @krayin = Krayin.new(servers, "history#{rand(1_000_000)}", throttle: false)
    @account, @hook = connect(@krayin)
    run_all
    @years = Years.new(@account, @hook, @krayin, Integer(ENV.fetch("CONTACTS", 400)))
  end

  after do
    @sidekiqs.to_a.each { |pid| servers.end_process(pid) }
    @krayin.stop
    @hook.delete
  end

  let(:krayin) { @krayin }
  let(:years) { @years }
  let(:backfill) { KrayinSync::Chatwoot::Backfill }
  let(:hook) { @hook.reload }

  def statements(&)
    count = 0
    listen = ->(*, event) { count += 1 unless event[:name] == "SCHEMA" }
    ActiveSupport::Notifications.subscribed(listen, "sql.active_record", &)
    count
  end

  def worked(run)
    run_all
    run.progress
  end

  def people = krayin.records["persons"]

  def digits(number) = number.to_s.gsub(/\D/, "")[-9..]

  # @return [Hash{String => Array<Integer>}] persons by what they have under a key
  def holders(key)
    all = people.flat_map { |one| one[key].to_a.map { |entry| [yield(entry["value"].to_s), one["id"]] } }
    all.group_by(&:first).transform_values { |found| found.map(&:last) }
  end

  # One person has each contact's address, and the same one, if any, its number.
  def expect_each_once(ids)
    addresses = holders("emails", &:downcase)
    numbers = holders("contact_numbers") { |number| digits(number) }
    wrong = Contact.where(id: ids).reject do |contact|
      own = addresses.fetch(contact.email, [])
      own.size == 1 && [nil, own].include?(numbers[digits(contact.phone_number)])
    end
    expect(wrong.map(&:name)).to eq([])
  end

  it "are brought over at the price of each kind, and for nothing where nothing is to change" do
    sizes = years.sizes
    there = years.begin_with_known
    first = backfill.start(hook)
    expect(worked(first)).to include(state: "done", created: there.size, refused: 0, later: 0)
    expect(first.requests).to be <= (first.total * 1.01) + Years::FEW
    years.go_on
    told = backfill.estimate(hook)
    krayin.forget_requests
    run = backfill.start(hook)
    count = statements { worked(run) }
    requests = krayin.requests
    writes = requests.reject { |request| request["method"] == "GET" }
    puts "", "history: #{run.total} contacts, #{requests.size} requests, #{writes.size} of them writes, " \
             "#{told[:requests]} estimated, #{years.allowed} allowed, " \
             "#{count.fdiv(run.total).round(1)} statements a contact"
    expect(run.progress).to include(state: "done", unchanged: sizes[:known], created: sizes[:new],
                                    updated: sizes[:changed], refused: 0, later: 0, doubtful: sizes[:doubtful],
                                    linked: sizes.values_at(:there, :by_number, :by_second_address).sum)
    expect(writes.size).to eq(years.written)
    expect(requests.size).to be <= years.allowed
    expect(told[:requests]).to be_within(requests.size * 0.05).of(requests.size)
    expect(run.requests).to eq(requests.size)
    expect_each_once(years.ids.values_at(:known, :there, :changed, :new).flatten)

    krayin.forget_requests
    again = backfill.start(hook)
    # Who is doubtful is asked for until a person decides.
    expect(worked(again)).to include(state: "done", created: 0, updated: 0, linked: 0, requests: sizes[:doubtful])
    expect(krayin.requests.map { |request| request["method"] }.uniq).to eq(["GET"])
  end

  def faults
    kinds = [{ action: "status", status: 503 }, { action: "close_before_acting" }, { action: "close_after_acting" }]
    (1..contacts_here).map { |n| { nth: n * 33, times: 1, **kinds[n % 3] } }
  end

  def contacts_here = [Integer(ENV.fetch("CONTACTS", 400)) / 8, 400].min

  def sidekiq = (@sidekiqs ||= []) << SmallChatwoot.sidekiq

  # What a killed process had is given out again once its lease is over.
  def recover
    late = KrayinSync::Chatwoot::BackfillLane.where("leased_until < ?", 100.seconds.from_now)
    late.update_all(leased_until: 1.minute.ago)
    KrayinSync::Chatwoot::Sweep.recover
  end

  def kill_one
    servers.end_process(@sidekiqs.pop, :KILL)
    sidekiq
  end

  # @return [Array(Integer, Integer), nil] a contact and its person
  def one_of(ids)
    brought = KrayinSync::Records::Link.where(kind: "contact", record_id: ids).where.not(person_id: nil)
    brought.pluck(:record_id, :person_id).sample(random: @random)
  end

  def edit(contact, person)
    title = "Edited #{contact}"
    krayin.change({ change: "edit_person", person: person, fields: { job_title: title } })
    [person, title]
  end

  def live(id)
    contact = Contact.find(id)
    contact.update!(name: "#{contact.name.split.first(2).join(" ")} live")
    contact
  end

  # Until all is done that waits, and what was lost is found.
  def end_all
    settle_after_deaths
    advance(700)
    KrayinSync::Chatwoot::Sweep.new(since: Time.now - 900).run
    settle(120)
  end

  it "are all there, each once and as colleagues left them, whatever happens meanwhile" do
    ids = years.insert("trouble", [Integer(ENV.fetch("CONTACTS", 400)) / 2, 2000].min)
    krayin.faults(*faults)
    sidekiq
    run = backfill.start(hook)
    kills = Integer(ENV.fetch("KILLS", 3))
    edited = {}
    told = []
    until run.reload.state == "done"
      sleep(0.3 + @random.rand)
      kill_one if (kills -= 1) >= 0
      recover
      next unless (brought = one_of(ids))

      edited.store(*edit(*brought))
      told << live(ids.sample(random: @random))
    end
    end_all
    puts "", "history: #{ids.size} contacts in trouble, #{edited.size} edited, #{told.size} live, " \
             "#{krayin.requests.size} requests"
    expect(run.progress).to include(done: run.total)
    expect_each_once(ids)
    titles = people.to_h { |one| one.values_at("id", "job_title") }
    expect(titles.slice(*edited.keys)).to eq(edited)
    expect(people.map { |one| one["name"] }).to include(*told.map(&:name).uniq)
  end
end
