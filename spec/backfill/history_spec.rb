# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"

# What a company has when it connects Krayin: half of its contacts are there already, most others are new, some are
# there under another spelling or a second address, and a few are nobody's. CONTACTS=250000 says how many.
RSpec.describe "Contacts of years", :chatwoot do
  before(:context) { SmallChatwoot.start }

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    @random = Random.new(Integer(ENV.fetch("SEED", 1)))
    @made = 0
    @krayin = Krayin.new(servers, "history#{rand(1_000_000)}", throttle: false)
    @account, @hook = connect(@krayin)
    run_all
  end

  after do
    @sidekiqs.to_a.each { |pid| servers.end_process(pid) }
    @krayin.stop
    @hook.delete
  end

  contacts = Integer(ENV.fetch("CONTACTS", 400))
  # What a contact of each kind may cost at most: a write for one that is new, a search as well and a look at its leads
  # for one that is found.
  kinds = { known: [0.5, 0], new: [0.4, 1.02], by_number: [0.04, 4], by_second_address: [0.04, 4], changed: [0.016, 3],
            unusable: [0.004, 2] }

  let(:krayin) { @krayin }
  let(:backfill) { KrayinSync::Chatwoot::Backfill }
  let(:hook) { @hook.reload }

  def number(index) = format("+4930%07d", 1_000_000 + index)

  # As an import writes them.
  def insert(kind, count)
    long_ago = 3.years.ago
    rows = Array.new(count) do |n|
      n += @made
      { name: "#{kind} #{n}", email: "#{kind}-#{n}@history.example", phone_number: number(n), account_id: @account.id,
        created_at: long_ago, updated_at: long_ago, additional_attributes: {} }.merge(yield(n) || {})
    end
    @made += count
    rows.each_slice(1000).flat_map { |slice| Contact.insert_all(slice).rows.flatten }
  end

  def entry(value) = [{ value: value, label: "work" }]

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

  def sizes(kinds, contacts) = kinds.transform_values { |part, _| [(contacts * part).round, 2].max }

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
    sizes = sizes(kinds, contacts)
    ids = { known: insert("known", sizes[:known]) { {} }, changed: insert("changed", sizes[:changed]) { {} } }
    first = backfill.start(hook)
    expect(worked(first)).to include(state: "done", created: sizes[:known] + sizes[:changed], refused: 0, later: 0)
    expect(first.requests).to be <= first.total * 2

    Contact.where(id: ids[:changed]).update_all("name = name || ' later', updated_at = now()")
    ids[:new] = insert("new", sizes[:new]) { {} }
    ids[:by_number] = insert("by_number", sizes[:by_number]) do |n|
      krayin.add_person(name: "by_number #{n}", emails: entry("desk-#{n}@history.example"),
                        contact_numbers: entry(number(n).sub("+4930", "030 ")))
      { email: nil, additional_attributes: { country_code: "DE" } }
    end
    ids[:by_second_address] = insert("second", sizes[:by_second_address]) do |n|
      krayin.add_person(name: "Second #{n}", contact_numbers: entry("+49 30 #{9_000_000 + n}"),
                        emails: entry("first-#{n}@history.example") + entry("Second-#{n}@history.example"))
      { phone_number: nil }
    end
    ids[:unusable] = insert("unusable", sizes[:unusable]) { { email: "nobody", phone_number: nil } }
    told = backfill.estimate(hook)
    krayin.forget_requests
    run = backfill.start(hook)
    count = statements { worked(run) }
    spent = krayin.requests.size
    # And what it takes to read whom Krayin has.
    allowed = kinds.sum { |kind, (_, each)| sizes[kind] * each }.floor + 3 + (contacts / 1000)
    puts "", "history: #{run.total} contacts, #{spent} requests, #{told[:requests]} estimated, #{allowed} allowed, " \
             "#{count.fdiv(run.total).round(1)} statements a contact"
    expect(run.progress).to include(state: "done", unchanged: sizes[:known], created: sizes[:new],
                                    updated: sizes[:changed], refused: 0, later: 0,
                                    linked: sizes[:by_number] + sizes[:by_second_address])
    expect(spent).to be <= allowed
    expect(run.requests).to eq(spent)
    expect_each_once(ids.values_at(:known, :changed, :new).flatten)
    second = people.group_by { |one| one["emails"].to_a.map { |entry| entry["value"].to_s.downcase } }
    expect(second.count { |emails, _| emails.any? { |email| email.start_with?("second-") } })
      .to eq(sizes[:by_second_address])

    krayin.forget_requests
    again = backfill.start(hook)
    expect(worked(again)).to include(state: "done", created: 0, updated: 0, linked: 0, requests: 0)
    expect(krayin.requests).to eq([])
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
    ids = insert("trouble", [contacts / 2, 2000].min) { {} }
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
