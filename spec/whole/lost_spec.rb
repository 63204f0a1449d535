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

  # Each begins a chat and writes twice, several at a time.
  def write(visitors, threads: 8)
    visitors.each_slice((visitors.size / threads.to_f).ceil).map do |some|
      Thread.new do
        some.each do |name|
          visitor = @desk.visitor
          visitor.begin_chat("Hello", name: name, email: "#{name}@killed.example")
          visitor.say("Am I here, #{name}?")
          visitor.say("And here, #{name}?")
        end
      end
    end
  end

  def kill_sidekiq
    WholeChatwoot.command("signal", "sidekiq", "KILL")
    WholeChatwoot.command("restart", "sidekiq")
  end

  it "loses nothing of 200 visitors while Sidekiq is killed six times, doubles nothing, and has all back soon" do
    names = Array.new(200) { |n| format("killed%03d", n) }
    @krayin.faults({ action: "delay", ms: 150, times: "forever" })
    writers = write(names)
    6.times do
      sleep 2
      eventually { pending_jobs["running"].positive? || writers.none?(&:alive?) }
      kill_sidekiq
    end
    killed = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    writers.each(&:join)
    @krayin.heal
    eventually(240) do
      said = @krayin.records["activities"].map { |activity| activity["comment"].to_s }.join
      names.all? { |name| said.include?("Am I here, #{name}?") && said.include?("And here, #{name}?") }
    end
    puts "", format("200 visitors, six kills: all there %.0f s after the last",
                    Process.clock_gettime(Process::CLOCK_MONOTONIC) - killed)
    settle(180)
    titles = @krayin.records["activities"].map { |activity| activity["title"] }
    expect(titles.uniq).to eq(titles)
    expect(@krayin.records["persons"].map { |person| person["name"] }.grep(/killed/)).to match_array(names)
    expect(@krayin.records["leads"].map { |lead| lead["title"] }.grep(/killed/)).to match_array(names)
    expect(dead_jobs).to eq([])
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
