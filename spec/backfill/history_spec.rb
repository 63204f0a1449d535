# frozen_string_literal: true

require_relative "support/years"
require_relative "../chatwoot/support/trouble"

# Contacts of every kind: CONTACTS=250000 says how many, KILLS how many processes die meanwhile, one in EVERY
# seconds at most and while another one works, and TOKENS how many tokens of sixty requests a minute there are then.
RSpec.describe "Contacts of years", :chatwoot do
  include Trouble

  before(:context) { SmallChatwoot.start }

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    # Each simulated Krayin is taken for the one before.
    KrayinSync::Records::Link.delete_all
    @random = Random.new(Integer(ENV.fetch("SEED", 1)))
    @krayin = Krayin.new(servers, "history#{rand(1_000_000)}", **stock)
    @account, @hook = connect(@krayin, api_token: @krayin.tokens.join(" "))
    run_all
    @years = Years.new(@account, @hook, @krayin, Integer(ENV.fetch("CONTACTS", 400)))
  end

  let(:stock) { { throttle: false } }

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

  def troubled = Integer(ENV.fetch("CONTACTS", 400)) / 2

  def sidekiq = (@sidekiqs ||= []) << SmallChatwoot.sidekiq

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
    return if @waiting.key?(id)

    contact = Contact.find(id)
    name = "#{contact.name.split.first(2).join(" ")} live #{@told.size + @waiting.size}"
    contact.update!(name: name)
    @names[id] = name
    @waiting[id] = Time.now
  end

  # Whose change is in Krayin by now.
  def listen
    KrayinSync::Records::Link.where(kind: "contact", record_id: @waiting.keys).pluck(:record_id, :seen_at)
                             .each do |id, seen|
      @told << (Time.now - @waiting.delete(id)) if seen && seen >= @waiting[id]
    end
  end

  def doze
    until_then = Time.now + 0.3 + @random.rand(Float(ENV.fetch("EVERY", 3)))
    while Time.now < until_then
      listen
      sleep 0.1
    end
  end

  # A colleague's edit of one, and events of others.
  def work(ids, edited)
    return unless (brought = one_of(ids))

    edited.store(*edit(*brought))
    3.times { live(ids.sample(random: @random)) }
  end

  # Until all is done that waits, and what was lost is found.
  def end_all
    settle_after_deaths
    advance(700)
    KrayinSync::Chatwoot::Sweep.new(since: 2.hours.ago).run
    settle(120)
  end

  context "with a stock Krayin's throttle" do
    let(:stock) { { tokens: Integer(ENV.fetch("TOKENS", 10)) } }

    before do
      @names = {}
      @waiting = {}
      @told = []
    end

    # Those that come when all else has ended as well.
    def settled?
      listen
      super
    end

    def waited
      sorted = @told.sort
      middle, most = [0.5, 0.95].map { |part| sorted[((sorted.size - 1) * part).floor].to_f }
      format("%<size>d live after %<middle>.1f s, 95 of 100 of them within %<most>.1f s",
             size: sorted.size, middle: middle, most: most)
    end

    it "are all there, each once and as colleagues left them, whatever happens meanwhile" do
      ids = years.insert("trouble", troubled)
      krayin.faults(*one_in(33, [troubled / 8, 1000].min))
      3.times { sidekiq }
      eventually(90) { working.size == 3 }
      run = backfill.start(hook)
      wanted = Integer(ENV.fetch("KILLS", 3))
      kills = 0
      edited = {}
      until kills == wanted && run.reload.state == "done"
        doze
        kills += 1 if kills < wanted && kill_one(@random)
        recover_killed
        work(ids, edited)
      end
      krayin.turn(throttle: false)
      end_all
      listen
      puts "", "history: #{ids.size} contacts in trouble, #{kills} killed, #{edited.size} edited, " \
               "#{waited}"
      expect(run.progress).to include(done: run.total)
      expect_each_once(ids)
      titles = people.to_h { |one| one.values_at("id", "job_title") }
      expect(titles.slice(*edited.keys)).to eq(edited)
      expect(people.map { |one| one["name"] }).to include(*@names.values)
    end
  end
end
