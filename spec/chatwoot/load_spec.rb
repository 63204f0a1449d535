# frozen_string_literal: true

require_relative "support/small_chatwoot"
require_relative "support/trouble"

# Random bursts of events on three accounts and two servers that throttle and fail one call in ten.
RSpec.describe "Under load", :chatwoot do
  include Trouble

  before(:context) { SmallChatwoot.start }

  before do
    @krayins = [2, 1].each_with_index.map do |tokens, number|
      Krayin.new(servers, "load#{rand(1_000_000)}-#{number}", tokens: tokens)
    end
    # Set-ups come first: their requests are not the events'.
    @sidekiqs = Array.new(2) { SmallChatwoot.sidekiq }
    @accounts = [[0, 0], [0, 1], [1, 0]].map { |krayin, token| connect(@krayins[krayin], token: token) }
    eventually(30) { @accounts.all? { |_, hook| hook.reload.settings["traits"] } }
    @krayins.each { |krayin| krayin.faults(*one_in(10, 90)) }
    @random = Random.new(RSpec.configuration.seed)
  end

  after do
    @sidekiqs.each { |pid| servers.end_process(pid) }
    @krayins.each(&:stop)
  end

  # Saves records until there were so many events, and yields halfway.
  def burst(events, contacts)
    word = "load#{rand(1_000_000)}"
    known = @accounts.flat_map do |account, _|
      named = Array.new(contacts) do |n|
        account.contacts.create!(name: "New", email: "#{word}-#{account.id}-#{n}@x.example")
      end
      Array.new(contacts / 4) { account.contacts.create!(name: "wind-#{rand(1000)}") }
      named
    end
    made = known.size * 5 / 4
    made = save_until(events / 2, made, known)
    yield if block_given?
    [known, save_until(events, made, known)]
  end

  def save_until(events, made, known)
    while made < events
      contact = known.sample(random: @random)
      (1 + @random.rand(20)).times do
        visible = @random.rand < 0.2
        visible ? contact.update!(name: "Name #{made}") : contact.update!(last_activity_at: Time.now)
        made += 1
      end
    end
    made
  end

  def expect_each_once(known)
    @accounts.each_with_index do |(account, _), number|
      own, other = [@krayins, @krayins.reverse].map { |krayins| krayins[number / 2].records["persons"] }
      known.select { |contact| contact.account_id == account.id }.each { |contact| expect_once(contact, own, other) }
    end
    expect(Sidekiq::DeadSet.new.size).to eq(0)
  end

  def expect_once(contact, own, other)
    found = own.select { |person| person["emails"].to_s.include?(contact.email) }
    expect(found.map { |person| person["name"] }).to eq([contact.reload.name])
    expect(other.to_s).not_to include(contact.email)
  end

  def by_user
    @krayins.flat_map { |krayin| krayin.requests.group_by { |request| [krayin.url, request["user"]] }.values }
  end

  def restart(signal)
    servers.end_process(@sidekiqs.pop, signal)
    @sidekiqs << SmallChatwoot.sidekiq
  end

  def timed
    began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    result = yield
    [Process.clock_gettime(Process::CLOCK_MONOTONIC) - began, *result]
  end

  def refused = @krayins.flat_map(&:requests).count { |request| request["status"] == 429 }

  def tell(name, made, known, seconds)
    line = "%<name>s: %<made>d events, %<known>d contacts, %<sent>d requests, %<refused>d refused by the throttle, " \
           "%<seconds>.0f s"
    puts "", format(line, name: name, made: made, known: known.size, refused: refused, seconds: seconds,
                          sent: @krayins.sum { |krayin| krayin.requests.size })
  end

  def sweep
    advance(700)
    KrayinSync::Chatwoot::Sweep.new(since: Time.now - 900).run
  end

  it "loses nothing and creates nothing twice, within the budget" do
    seconds, known, made = timed { burst(3000, 24).tap { settle(280) } }
    expect_each_once(known)
    # The last request of a window may be left: a read and its write go together.
    allowed = [(by_user.map(&:size).max + 2).div(60) * 60, 60].max
    tell("load", made, known, seconds)
    puts format("      %<ratio>.2f of the %<allowed>d s that 60 a minute allow; 1.2 is wanted",
                ratio: seconds / allowed, allowed: allowed)
    expect(refused).to eq(0)
  end

  it "loses nothing when a process is told to stop in the middle" do
    seconds, known, made = timed { burst(3000, 8) { restart(:TERM) }.tap { settle(200) } }
    tell("load with SIGTERM", made, known, seconds)
    expect_each_once(known)
    expect(refused).to eq(0)
  end

  it "loses nothing when a process is killed in the middle, once the sweep has run" do
    seconds, known, made = timed do
      burst(3000, 8) { restart(:KILL) }.tap do
        eventually(200) { Sidekiq::Queue.all.sum(&:size).zero? && Sidekiq::ScheduledSet.new.size.zero? }
        sweep
        settle(200)
      end
    end
    tell("load with SIGKILL and a sweep", made, known, seconds)
    expect_each_once(known)
  end
end
