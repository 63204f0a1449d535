# frozen_string_literal: true

require_relative "support/small_chatwoot"

# What is left of a Krayin that is down: it hangs up on every call.
class DeadServer
  attr_reader :calls

  def initialize(port)
    @calls = 0
    @server = TCPServer.new("127.0.0.1", port)
    @thread = Thread.new do
      loop do
        @server.accept.close
        @calls += 1
      end
    end
  end

  def stop
    @thread.kill
    @thread.join
    @server.close
  end
end

RSpec.describe "When Krayin does not work", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    @krayin = Krayin.new(SmallChatwoot.servers, "outage")
    @sidekiq = SmallChatwoot.sidekiq
    @account, @hook = connect(@krayin)
    eventually { Sidekiq::ProcessSet.new.size.positive? }
  end

  after(:context) do
    servers.end_process(@sidekiq)
    @krayin.stop
  end

  def people(word, count)
    Array.new(count) { |n| @account.contacts.create!(name: "#{word} #{n}", email: "#{word}-#{n}@x.example") }
  end

  # Seconds that another's jobs waited on the same queue.
  def waits_of_others(count)
    Redis::Alfred.delete("other_job")
    count.times { OtherJob.perform_later(Time.now.to_f) }
    eventually { Redis::Alfred.run("LLEN", "other_job") == count }
    Redis::Alfred.run("LRANGE", "other_job", 0, -1).map(&:to_f)
  end

  it "holds no worker while it is down, and brings everything over afterwards" do
    @krayin.stop
    dead = DeadServer.new(URI(@krayin.url).port)
    known = people("down", 12)
    waits = waits_of_others(50)
    10.times { advance(60) && sleep(1) }
    waits += waits_of_others(50)
    dead.stop
    @krayin.start
    back = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    eventually(90) { advance(60) && sleep(1) && settled? }
    back = Process.clock_gettime(Process::CLOCK_MONOTONIC) - back
    line = "outage: ten simulated minutes, %<known>d contacts; %<calls>d calls to the dead server; %<others>d other " \
           "jobs waited %<median>.2f s, at most %<most>.2f s; all there %<back>.0f s after it was back"
    puts "", format(line, known: known.size, calls: dead.calls, others: waits.size, most: waits.max, back: back,
                          median: waits.sort[waits.size / 2])
    expect(waits.max).to be < 2
    expect(dead.calls).to be < known.size * 3
    names = @krayin.records["persons"].map { |person| person["name"] }
    expect(names).to match_array(known.map(&:name))
    expect(Sidekiq::DeadSet.new.size).to eq(0)
  end

  it "tells of a refused token once, keeps the jobs, and brings them over once the token is right" do
    right = @hook.reload.settings
    Redis::Alfred.delete("reauthorization_prompts:#{@hook.id}")
    KrayinSync::Chatwoot::HookSettings.put(@hook, ["api_token"], "9|revoked")
    known = people("token", 4)
    eventually { @hook.reload.settings["setup_error"] }
    eventually { pending_jobs[:scheduled] == 4 && pending_jobs[:pushed].zero? }
    expect(@hook.reauthorization_required?).to be(true)
    expect(Redis::Alfred.get("reauthorization_prompts:#{@hook.id}")).to eq("1")
    expect(@krayin.person("token-0@x.example")).to be_nil
    @hook.reload.update!(settings: right)
    # Though each was to stay away for ten minutes.
    eventually(60) { settled? }
    expect(@hook.reload.settings["setup_error"]).to be_nil
    known.each { |contact| expect(@krayin.person(contact.email)).to include("name" => contact.name) }
    expect(@hook.reauthorization_required?).to be(false)
  end

  it "brings the others over as soon as one has seen that the token is taken again" do
    @krayin.faults({ action: "refused_token", times: "forever" })
    known = people("mended", 4)
    eventually { @hook.reload.settings["setup_error"] }
    eventually { pending_jobs[:scheduled] == 4 && pending_jobs[:pushed].zero? }
    @krayin.heal
    Sidekiq.redis do |redis|
      redis.call("KEYS", "krayin_sync:breaker:*:away").each { |key| redis.call("DEL", key) }
    end
    Sidekiq::ScheduledSet.new.first.add_to_queue
    eventually(60) { settled? }
    known.each { |contact| expect(@krayin.person(contact.email)).to include("name" => contact.name) }
    expect(@hook.reload.settings["setup_error"]).to be_nil
  end

  it "saves no hook that cannot work, and says what to do" do
    expect { connect(@krayin, sync_messages: true, api_token: "9|none") }
      .to raise_error(ActiveRecord::RecordInvalid, /does not accept this API token/)
    expect(Account.last.hooks.count).to eq(0)
  end

  it "puts off what may still be at work in Krayin, without counting Krayin down" do
    contact = people("slow", 1).first
    eventually { settled? && @krayin.person(contact.email) }
    entry = KrayinSync::Chatwoot::RecordRef.new(@hook.id, "contact", contact.id)
    gate = KrayinSync::Chatwoot::Gate.new(entry, contact.id, @hook.reload.settings, jid: "slow")
    error = KrayinSync::TimeoutError.new("late", detail: "still_running", executed: :unknown, retry_after: 40.0)
    entry.enqueue(delay: 600)
    gate.enter
    setback = KrayinSync::Chatwoot::Setback.new(entry, @hook, gate, jid: "slow", began: Time.now)
    expect(setback.settle(error)).to be(false)
    due = Sidekiq::ScheduledSet.new.map { |job| [job.args.first["id"], job.at - Time.now] }
    expect(due).to include([contact.id, be_between(35, 60)])
    connection = KrayinSync::Chatwoot::RedisStore.connection_id(@hook.settings)
    expect(KrayinSync::Chatwoot::Breaker.states[connection]).to be_falsy
    eventually(60) { advance(700) && settled? }
  end

  it "buries what Krayin does not take, with a reason that people understand" do
    @krayin.faults({ method: "POST", path: "/leads", action: "status", status: 422, times: "forever",
                     body: { message: "The given data was invalid.", errors: { title: ["The title is taken."] } } })
    contact = people("invalid", 1).first
    eventually { Sidekiq::DeadSet.new.any? }
    dead = Sidekiq::DeadSet.new.first
    expect(dead["error_message"]).to match(/\AContact #{contact.id}: Krayin .*title/m)
    expect(dead["error_message"]).not_to include("@x.example")
    @krayin.heal
    dead.retry
    eventually { @krayin.person(contact.email) }
  end
end
