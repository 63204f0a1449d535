# frozen_string_literal: true

require_relative "support/whole_chatwoot"

# What has no event, or no process any more.
RSpec.describe "What would be lost", :whole do
  before(:context) do
    @krayin = Krayin.new(WholeChatwoot.servers, "lost", throttle: false)
    @desk = connected_desk("Lost", @krayin, sync_conversations: true, sync_messages: true)
  end

  after(:context) do
    disconnect(@desk)
    @krayin.stop
  end

  it "brings an import over at its end" do
    import = <<~RUBY
      rows = ["name,email,phone_number"] + (1..60).map { |n| "Row \#{n},row\#{n}@import.example," }
      made = DataImport.new(account_id: account, data_type: "contacts")
      made.import_file.attach(io: StringIO.new(rows.join("\n")), filename: "rows.csv", content_type: "text/csv")
      made.save!
      made.id
    RUBY
    inside(import, account: @desk.account)
    mails = ->(records) { records["persons"].count { |person| person["emails"].to_s.include?("@import.example") } }
    eventually(120) { mails[@krayin.records] >= 60 }
    settle
    expect(mails[@krayin.records]).to eq(60)
  end

  it "has what was lost with a killed process back within 90 seconds of its death, and nothing twice" do
    visitors = Array.new(8) { |n| [@desk.visitor, "killed#{n}@shop.example"] }
    visitors.each { |visitor, email| visitor.begin_chat("Hello", name: email.split("@").first, email: email) }
    slow = { action: "delay", ms: 3000, times: "forever" }
    @krayin.faults(slow)
    visitors.each { |visitor, email| visitor.say("Am I here, #{email}?") }
    eventually { pending_jobs["running"].positive? }
    WholeChatwoot.command("signal", "sidekiq", "KILL")
    killed = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    @krayin.heal
    WholeChatwoot.command("restart", "sidekiq")
    eventually(120) do
      said = @krayin.records["activities"].map { |activity| activity["comment"].to_s }.join
      visitors.all? { |_, email| said.include?("Am I here, #{email}?") }
    end
    puts "", format("killed: all back after %.0f s", Process.clock_gettime(Process::CLOCK_MONOTONIC) - killed)
    settle(120)
    titles = @krayin.records["activities"].map { |activity| activity["title"] }
    expect(titles.uniq).to eq(titles)
    people = @krayin.records["persons"].map { |person| person["name"] }.grep(/killed/)
    expect(people).to match_array(visitors.map { |_, email| email.split("@").first })
    expect(pending_jobs.slice("queued", "running").values.sum).to eq(0)
  end

  it "leaves nothing behind when it is uninstalled" do
    inside("KrayinSync::Chatwoot::SetupJob.enqueue(0); KrayinSync::Chatwoot::JobRegistry.queue('0:contact:1'); 1")
    told = WholeChatwoot.command("inside", "env", "RAILS_LOG_TO_STDOUT=", "bundle", "exec", "rake",
                                 "krayin_sync:uninstall")
    expect(told).to match(/\d+ jobs, \d+ keys/)
    # That a process runs it says itself, as long as it runs.
    left = <<~RUBY
      keys = Sidekiq.redis { |redis| redis.call("KEYS", "krayin_sync:*") } - ["krayin_sync:processes"]
      [Sidekiq::Cron::Job.find("krayin_sync_sweep").nil?, keys,
       Sidekiq::ScheduledSet.new.map(&:klass).grep(/Krayin/)]
    RUBY
    expect(inside(left)).to eq([true, [], []])
  ensure
    WholeChatwoot.command("restart", "sidekiq")
  end
end
