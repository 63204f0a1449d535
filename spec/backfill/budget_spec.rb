# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"

# A Krayin that takes sixty requests a minute, as the stock one does.
RSpec.describe "A backfill within a minute's budget", :chatwoot do
  before(:context) { SmallChatwoot.start }

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    @krayin = Krayin.new(servers, "budget#{rand(1_000_000)}")
    @account, @hook = connect(@krayin)
    run_all
    @sidekiq = SmallChatwoot.sidekiq
  end

  after do
    servers.end_process(@sidekiq)
    @krayin.stop
    @hook.delete
  end

  let(:krayin) { @krayin }

  def import(count)
    now = 1.year.ago
    rows = Array.new(count) do |n|
      { name: "Budget #{n}", email: "budget-#{n}@history.example", account_id: @account.id, created_at: now,
        updated_at: now, additional_attributes: {} }
    end
    Contact.insert_all(rows)
  end

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  # @return [Float] seconds until Krayin has a contact that was just made
  def live(word)
    began = now
    @account.contacts.create!(name: word, email: "#{word}@live.example")
    eventually(30) { krayin.person("#{word}@live.example") }
    now - began
  end

  it "reads together whom Krayin has, though few requests are due at once" do
    krayin.turn(throttle: false)
    import(110)
    run = KrayinSync::Chatwoot::Backfill.start(@hook.reload)
    eventually(120) { run.reload.state == "done" }
    KrayinSync::Records::Link.where(kind: "contact", instance: run.instance).delete_all
    krayin.turn(throttle: true)
    krayin.forget_requests
    run = KrayinSync::Chatwoot::Backfill.start(@hook.reload)
    eventually(120) { run.reload.state == "done" }
    expect(run.progress).to include(linked: 110, refused: 0, later: 0)
    # Two to read whom it has, and two for each hundred of them.
    expect(krayin.requests.size).to be <= 6
  end

  it "asks nothing anew of whom it has read and may not write yet" do
    krayin.turn(throttle: false)
    import(110)
    run = KrayinSync::Chatwoot::Backfill.start(@hook.reload)
    eventually(120) { run.reload.state == "done" }
    KrayinSync::Records::Link.where(kind: "contact", instance: run.instance).delete_all
    changed = @account.contacts.order(:id).limit(25)
    changed.each_with_index { |one, n| one.update_columns(phone_number: format("+14155557%03d", n)) }
    krayin.turn(throttle: true)
    krayin.forget_requests
    run = KrayinSync::Chatwoot::Backfill.start(@hook.reload)
    eventually(120) { run.reload.state == "done" }
    expect(run.progress).to include(done: 110, created: 0, linked: 110, updated: 0, refused: 0, later: 0)
    written, read = krayin.requests.partition { |request| request["method"] != "GET" }
    expect(written.size).to eq(25)
    # Beside those that it reads together, of whom a job had in hand when it gave its thread back.
    expect(read.size).to be <= 12
    numbers = krayin.records["persons"].flat_map { |person| person["contact_numbers"].to_a }
    expect(numbers.map { |number| number["value"] }.grep(/\d/).uniq.size).to eq(25)
  end

  it "is never refused, and leaves live events their part" do
    import(40)
    run = KrayinSync::Chatwoot::Backfill.start(@hook.reload)
    eventually { run.reload.done > 3 }
    waits = []
    5.times do
      waits << live("live#{waits.size}")
      sleep 3
    end
    eventually(120) { run.reload.state == "done" }
    puts "", format("budget: 40 contacts in %<took>.0f s, %<requests>d requests; live events waited " \
                    "%<worst>.1f s at most",
                    took: run.finished_at - run.created_at, requests: krayin.requests.size, worst: waits.max)
    expect(run.progress).to include(created: 40, refused: 0, later: 0)
    expect(krayin.requests.map { |request| request["status"] }.uniq).to eq([200])
    emails = krayin.records["persons"].flat_map { |person| person["emails"].to_a.map { |entry| entry["value"] } }
    expect(emails.tally.values.uniq).to eq([1])
  end
end
