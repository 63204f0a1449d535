# frozen_string_literal: true

require_relative "support/small_chatwoot"

# A Krayin that takes two seconds for each answer, and many contacts that wait for it.
RSpec.describe "Beside a slow Krayin", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    @krayin = Krayin.new(SmallChatwoot.servers, "slow", throttle: false)
    @account, @hook = connect(@krayin)
    @sidekiq = SmallChatwoot.sidekiq(threads: 10)
    eventually { Sidekiq::ProcessSet.new.size.positive? }
  end

  after(:context) do
    servers.end_process(@sidekiq)
    @krayin.stop
  end

  let(:most) { KrayinSync::Chatwoot.configuration.jobs_per_krayin }
  let(:store) { KrayinSync::Chatwoot::RedisStore }
  let(:at_work) { store.key("at_work", store.connection_id(@hook.reload.settings)) }

  def import(count)
    now = Time.now
    Contact.insert_all(Array.new(count) do |n|
      { name: "Import #{n}", email: "import#{n}@slow.example", account_id: @account.id, created_at: now,
        updated_at: now }
    end)
    KrayinSync::Chatwoot::Sweep.new(since: now - 60, hooks: Integrations::Hook.where(id: @hook.id)).run
  end

  # How many threads of Sidekiq's have been at such jobs for longer than a job takes that is sent away.
  def held
    Sidekiq::Workers.new.count do |_, _, work|
      work = work.to_h if work.respond_to?(:to_h) && !work.is_a?(Hash)
      job = work["payload"].is_a?(String) ? JSON.parse(work["payload"]) : work["payload"]
      job["class"] == "KrayinSync::Chatwoot::EventJob" && Time.now.to_i - work["run_at"].to_i >= 4
    end
  end

  it "holds no more threads than it may, and others' jobs pass all that wait" do
    @krayin.faults({ times: "forever", action: "delay", ms: 2000 })
    expect(import(300)).to include(contact: 300)
    seen = []
    eventually { store.call("ZCARD", at_work) == most }
    100.times { OtherJob.perform_later(Time.now.to_f) }
    eventually(60) do
      seen << [store.call("ZCARD", at_work), held]
      Redis::Alfred.run("LLEN", "other_job") == 100 && seen.size > 30
    end
    expect(seen.map(&:first).max).to eq(most)
    expect(seen.map(&:last).max).to be <= most
    # They were all done while nearly all of ours had to wait.
    expect(KrayinSync::Chatwoot::JobRegistry.waiting(@hook.id)).to be > 200
    @krayin.heal
  ensure
    Redis::Alfred.delete("other_job")
  end
end
