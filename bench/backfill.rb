# frozen_string_literal: true

require_relative "figures"
require_relative "../spec/backfill/support/years"

# A backfill of contacts of every kind against the simulator: once by a Sidekiq without a throttle, and once for each
# number of tokens by a clock that is turned on while all that is left to be done waits. CONTACTS says how many.
class BackfillBench
  include Figures
  include SmallChatwoot::Steps

  CONTACTS = Integer(ENV.fetch("CONTACTS", 2_000))
  # What hours are told for.
  ALL = 250_000
  # Hours that these may take, by tokens of sixty requests a minute.
  HOURS = { 1 => 31, 10 => 3.25, 35 => 1 }.freeze
  # Contacts at least, by token: a run of a minute says nothing of an hour.
  EACH = 60

  def run
    SmallChatwoot.start
    [*unthrottled, *HOURS.flat_map { |tokens, most| throttled(tokens, most) }]
  ensure
    SmallChatwoot.stop
  end

  private

  # @return [Years] of a connection of its own, with those there whom Krayin has
  def years(contacts, **krayin)
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    @krayin = Krayin.new(servers, "bench#{rand(1_000_000)}", **krayin)
    account, @hook = connect(@krayin, api_token: @krayin.tokens.join(" "))
    run_all
    @krayin.turn(throttle: false)
    Years.new(account, @hook, @krayin, contacts)
  end

  def backfill = KrayinSync::Chatwoot::Backfill

  def start = backfill.start(@hook.reload)

  def unthrottled
    years = years(CONTACTS, throttle: false)
    years.begin_with_known
    by_sidekiq(start)
    years.go_on
    estimate = backfill.estimate(@hook.reload)
    @krayin.forget_requests
    run = start
    seconds, memory = by_sidekiq(run)
    check(run, years)
    [*requests(years, estimate), *speed(run, seconds, memory)]
  ensure
    @krayin&.stop
  end

  # @return [Array(Float, Float)] seconds, and MiB of Sidekiq's process at most
  def by_sidekiq(run)
    pid = SmallChatwoot.sidekiq
    began = wall
    eventually(36_000) { run.reload.state != "running" }
    [wall - began, Integer(File.read("/proc/#{pid}/status")[/^VmHWM:\s+(\d+)/, 1]) / 1024.0]
  ensure
    servers.end_process(pid)
  end

  def check(run, years)
    told = run.progress
    wanted = { state: "done", created: years.sizes[:new], refused: 0, later: 0 }
    raise "not as it should be: #{told}" unless told.slice(*wanted.keys) == wanted
  end

  def requests(years, estimate)
    log = @krayin.requests
    spent = log.size
    writes = log.reject { |request| request["method"] == "GET" }
    kinds = log.map { |request| kind(request) }.tally.map { |kind, count| "#{kind} #{count}" }.join(", ")
    note = "#{spent} of #{years.allowed}: #{kinds}; #{years.written} to be written"
    raise "#{writes.size} writes, #{years.written} were due" unless writes.size == years.written

    [figure("backfill_requests_vs_allowed", "backfill of #{years.total}: requests, of the sum of each kind's", "≤ 1",
            [spent.fdiv(years.allowed)], note),
     figure("backfill_estimate_off", "backfill: what the estimate was off", "≤ 0.05",
            [(estimate[:requests] - spent).abs.fdiv(spent)], "#{estimate[:requests]} estimated")]
  end

  def kind(request)
    path = request["path"].split("?").first[%r{/v1/(.+)\z}, 1].to_s.gsub(/\d+/, "N")
    "#{request["method"]} #{path}"
  end

  def speed(run, seconds, memory)
    a_second = run.total / seconds
    [figure("backfill_contacts_a_second", "backfill without a throttle: contacts a second", nil, [a_second],
            format("%<took>.0f s; of #{ALL} %<all>.1f h", took: seconds, all: ALL / a_second / 3600)),
     figure("backfill_memory", "backfill: MiB of its Sidekiq's process at most", "≤ 300", [memory])]
  end

  def throttled(tokens, most)
    years = years([CONTACTS, EACH * tokens].max, tokens: tokens)
    years.begin_with_known
    first = start
    run_all while first.reload.running?
    years.go_on
    @krayin.forget_requests
    @krayin.turn(throttle: true)
    run = start
    seconds = nil
    statements = statements { seconds = turned(run) }
    check(run, years)
    hours = seconds / 3600 * ALL / years.total
    count = @krayin.requests.size
    refused = @krayin.requests.count { |request| request["status"] == 429 }
    raise "#{refused} requests were refused" if refused.positive?

    [figure("backfill_hours_#{tokens}_tokens", "backfill of #{ALL}, #{tokens} tokens of 60 a minute: hours",
            "≤ #{most}", [hours], format("%<count>d requests for #{years.total}, %<rate>.1f a token and minute",
                                         count: count, rate: count * 60 / seconds / tokens)),
     figure("backfill_statements_#{tokens}_tokens", "the same: SQL statements a contact", nil,
            [statements.fdiv(years.total)])]
  ensure
    @krayin&.stop
  end

  # In this process, and by a clock that goes on at once where nothing is due.
  # @return [Float] seconds that it took by that clock
  def turned(run)
    @turned = 0
    began = wall
    bench = self
    naps = Module.new { define_method(:sleep) { |seconds| bench.__send__(:turn, run, seconds) } }
    KrayinSync::Chatwoot::BackfillWork.prepend(naps)
    step(run) while run.reload.running?
    @turned + wall - began
  end

  def step(run)
    turn(run, Sidekiq::ScheduledSet.new.first.at - Time.now) unless work_off
  end

  # @return [Boolean] whether anything was due
  def work_off
    due = Sidekiq::ScheduledSet.new.select { |job| job.at <= Time.now }
    jobs = Sidekiq::Queue.all.flat_map(&:to_a) + due
    jobs.each do |job|
      job.delete
      job.klass.constantize.new.perform(*job.args)
    end
    jobs.any?
  end

  # By whole seconds, as the simulator's clock is turned.
  def turn(run, seconds)
    seconds = [seconds.ceil, 1].max
    @turned += seconds
    advance(seconds)
    @krayin.pass(seconds)
    backfill.where(id: run.id).update_all("index_looked_at = index_looked_at - interval '#{seconds} seconds'")
    Sidekiq.redis do |redis|
      redis.call("KEYS", "krayin_sync:backfill:*:shown").each do |key|
        redis.call("PEXPIRE", key, (redis.call("PTTL", key) - (seconds * 1000)).to_s)
      end
    end
  end
end
