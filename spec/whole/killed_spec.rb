# frozen_string_literal: true

require_relative "support/connected"

# Sidekiq ended by SIGKILL while visitors write: with KILLED=all 200 of them and six times, else a part of that.
RSpec.describe "Killed while visitors write", :whole do
  include_context "with a connected desk", "Killed", sync_conversations: true, sync_messages: true

  visitors, kills = ENV["KILLED"] == "all" ? [200, 6] : [24, 2]
  texts = 4
  # As many browsers send at once.
  browsers = 6

  # Beats of living processes, ten seconds apart, with which something may be seen to be left of one that Sidekiq's
  # register has forgotten, as it does within a minute: the last one before that, and one whose work is not yet done.
  beats = 2

  # Of each death's records those that nobody has looked at since, with when their jobs were due; whether the register
  # has forgotten the process; and the last beat of any.
  left = <<~RUBY
    ask = ->(*command) { Sidekiq.redis { |redis| redis.call(*command) } }
    beat = Sidekiq::ProcessSet.new(false).map { |process| process["beat"] }.max
    owners = ask.("HGETALL", "krayin_sync:owners").to_h
    deaths.map do |process, entries|
      still = entries.select do |entry, due|
        owners[entry] == process || (due && ask.("ZSCORE", "krayin_sync:queued", entry).to_f == due)
      end
      [still, ask.("EXISTS", process).zero?, beat]
    end
  RUBY
  # What the process had begun, and what it had taken out of the queue: that is due and in no place of Sidekiq's.
  owned = <<~RUBY
    ask = ->(*command) { Sidekiq.redis { |redis| redis.call(*command) } }
    owners = ask.("HGETALL", "krayin_sync:owners").to_h
    process = Sidekiq::ProcessSet.new(false).map { |one| one["identity"] }.find { |name| name.include?(":\#{pid}:") }
    due = ask.("ZRANGEBYSCORE", "krayin_sync:queued", "-inf", Time.now.to_i)
    dues = due.to_h { |entry| [entry, ask.("ZSCORE", "krayin_sync:queued", entry).to_f] }
    waiting = [Sidekiq::Queue.new("krayin_sync"), Sidekiq::ScheduledSet.new].flat_map { |jobs| jobs.map(&:args) }
    waiting.each { |arguments| dues.delete(arguments.first["job_id"]) }
    [process, owners.select { |_, owner| owner == process }.transform_values { nil }.merge(dues)]
  RUBY

  # Whether the process that runs has begun any.
  works = <<~RUBY
    Sidekiq.redis { |redis| redis.call("HVALS", "krayin_sync:owners") }.any? { |owner| owner.include?(":\#{pid}:") }
  RUBY
  define_method(:works?) { inside(works, pid: pid) }

  def pid = File.read(File.join(WholeChatwoot.folder, "opt/run/sidekiq.pid")).to_i
  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  # @return [Hash] the process that was ended, the records of its jobs, and when
  define_method(:kill) do
    killed = pid
    WholeChatwoot.command("signal", "sidekiq", "KILL")
    process, entries = inside(owned, pid: killed)
    { process: process, left: entries, at: now, had: entries.size, beats: [] }
  end

  # Notes of each death when the last of its records was brought back, and after how many beats.
  define_method(:watch) do |deaths|
    seen = inside(left, deaths: deaths.map { |death| death.values_at(:process, :left) })
    deaths.zip(seen) do |death, (still, forgotten, beat)|
      death[:left] = still.to_h
      next death[:back] ||= now - death[:at] if still.empty?

      death[:beats] |= [beat].compact if forgotten
      raise "left after #{death[:beats].size} beats: #{still}" if death[:beats].size > beats
    end
    deaths
  end

  def said_by(names, texts) = names.flat_map { |name| Array.new(texts) { |n| "#{name} says #{n}." } }

  def write(queue, texts)
    while (name = queue.pop)
      visitor = desk.visitor
      said = said_by([name], texts)
      visitor.begin_chat(said.shift, name: name, email: "#{name}@killed.example")
      said.each { |text| visitor.say(text) }
    end
  end

  it "loses nothing, writes nothing twice, and has what died with a process back soon" do
    names = Array.new(visitors) { |n| format("visitor%03d", n) }
    queue = Queue.new(names).close
    krayin.faults({ action: "delay", ms: 100, times: "forever" })
    threads = Array.new(browsers) { Thread.new { write(queue, texts) } }
    deaths = []
    kills.times do
      eventually { watch(deaths) && works? }
      deaths << kill
      WholeChatwoot.command("restart", "sidekiq")
    end
    threads.each(&:join)
    krayin.heal
    eventually(600, step: 1) do
      watch(deaths)
      all = comments.join("\n")
      deaths.all? { |death| death[:back] } && said_by(names, texts).all? { |text| all.include?(text) }
    end
    told = deaths.map { |death| "#{death[:had]} after #{death[:back].round}" }.join(", ")
    puts "", "killed #{kills} times: lost jobs back, #{told} s; all that #{visitors} visitors said after " \
             "#{(now - deaths.last[:at]).round} s"
    expect(deaths.sum { |death| death[:had] }).to be_positive
    settle(600)
    people = krayin.records["persons"].map { |person| person["name"] }.grep(/\Avisitor/)
    expect(people).to match_array(names)
    expect(krayin.records["leads"].map { |lead| lead["person_id"] }.tally.values.uniq).to eq([1])
    titles = krayin.records["activities"].map { |activity| activity["title"] }
    expect(titles.uniq).to eq(titles)
    talks, messages = titles.partition { |title| title.start_with?("Conversation #") }
    expect([talks.size, messages.size]).to eq([visitors, visitors * texts])
    expect(pending_jobs.slice("queued", "running").values.sum).to eq(0)
    expect(dead_jobs).to eq([])
  end
end
