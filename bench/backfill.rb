# frozen_string_literal: true

require_relative "figures"
require_relative "turned_clock"
require_relative "../spec/backfill/support/years"

# A backfill of contacts of every kind against the simulator: once by a Sidekiq without a throttle, and once for each
# number of tokens by a clock that is turned on while all that is left to be done waits. CONTACTS says how many, CLOCKED
# how many for the turned clocks where that is to be fewer, CLOCKS which of these, PROCESSES how many Sidekiqs run: more
# than one run by the clock on the wall, since no clock is turned for all of them.
class BackfillBench
  include Figures
  include SmallChatwoot::Steps

  CONTACTS = Integer(ENV.fetch("CONTACTS", 2_000))
  CLOCKED = Integer(ENV.fetch("CLOCKED", CONTACTS))
  PROCESSES = Integer(ENV.fetch("PROCESSES", 1))
  # Seconds between two lines that say how far it is.
  TOLD = 30
  # Seconds between two looks at what Krayin was asked: its log holds what came in some.
  LOOKED = 4
  # What hours are told for.
  ALL = 250_000
  # Hours that these may take, by tokens of sixty requests a minute.
  HOURS = { 1 => 31, 10 => 3.25, 35 => 1 }.freeze
  # By tokens of sixty requests a minute.
  CLOCKS = ENV.fetch("CLOCKS", HOURS.keys.join(" ")).split.map { |tokens| Integer(tokens) }
  # Contacts at least, by token: a run of a minute says nothing of an hour.
  EACH = 60

  def run
    SmallChatwoot.start
    [*unthrottled, *HOURS.slice(*CLOCKS).flat_map { |tokens, most| throttled(tokens, most) }]
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

  # What a Krayin was asked: its log drops the oldest of many, so it is looked at in between.
  class Asked
    attr_reader :kinds, :count, :refused

    def initialize(krayin)
      @krayin = krayin
      krayin.forget_requests
      @kinds = Hash.new(0)
      @count = @refused = 0
    end

    # @return [self]
    def look
      log = @krayin.requests(after: @last.to_i)
      first = log.first&.fetch("number")
      raise "requests were dropped" if @last && first && first > @last + 1

      log.each { |request| take(request) }
      @last = log.last["number"] if first
      self
    end

    def writes = @kinds.sum { |kind, count| kind.start_with?("GET") ? 0 : count }

    private

    def take(request)
      path = request["path"].split("?").first[%r{/v1/(.+)\z}, 1].to_s.gsub(/\d+/, "N")
      @kinds["#{request["method"]} #{path}"] += 1
      @count += 1
      @refused += 1 if request["status"] == 429
    end
  end

  def backfill = KrayinSync::Chatwoot::Backfill

  def start = backfill.start(@hook.reload)

  def unthrottled
    years = years(CONTACTS, throttle: false)
    begin_with(years)
    estimate = backfill.estimate(@hook.reload)
    @asked = Asked.new(@krayin)
    run = start
    seconds, memory = by_sidekiq(run)
    check(run, years)
    [*requests(years, estimate), *speed(run, seconds, memory)]
  ensure
    @krayin&.stop
  end

  def begin_with(years)
    began = wall
    @hook.reload
    halves = years.begin_with_known.each_slice(1000).partition.with_index { |_, n| n.even? }
    # A child leaves all that is this process' alone.
    children = halves.map { |half| fork { years.bring(half.flatten) && exit!(true) } }
    children.each { |child| Process.wait2(child).last.success? || raise("not all were there before") }
    warn format("before: %<took>.0f s", took: wall - began)
    years.go_on
    warn format("changed since: %<took>.0f s", took: wall - began)
  end

  # @return [Array(Float, Float)] seconds, and MiB of one of Sidekiq's processes at most
  def by_sidekiq(run)
    pids = Array.new(PROCESSES) { SmallChatwoot.sidekiq }
    began = wall
    next_line = began + TOLD
    next_look = began + LOOKED
    eventually(36_000) do
      if wall > next_look
        next_look = wall + LOOKED
        @asked.look
      end
      if wall > next_line
        next_line += TOLD
        tell(run, pids, wall - began)
        yield wall - began if block_given?
      end
      run.reload.state != "running"
    end
    [wall - began, pids.map { |pid| memory(pid) }.max]
  ensure
    pids.to_a.each { |pid| servers.end_process(pid) }
  end

  def memory(pid) = Integer(File.read("/proc/#{pid}/status")[/^VmHWM:\s+(\d+)/, 1]) / 1024.0

  def tell(run, pids, took)
    warn format("%<took>.0f s: %<done>d of %<total>d, %<requests>d requests, MiB at most %<memory>s",
                took: took, done: run.done, total: run.total, requests: run.requests,
                memory: pids.map { |pid| memory(pid).round }.join(" and "))
    true
  end

  def check(run, years)
    told = run.progress
    wanted = { state: "done", created: years.sizes[:new], refused: 0, later: 0 }
    raise "not as it should be: #{told}" unless told.slice(*wanted.keys) == wanted
  end

  # @param of [String] what tells the figures from others of the same run
  def requests(years, estimate, of = "")
    spent = @asked.look.count
    kinds = @asked.kinds.map { |kind, count| "#{kind} #{count}" }.join(", ")
    note = "#{spent} of #{years.allowed}: #{kinds}; #{years.written} to be written"
    raise "#{@asked.writes} writes, #{years.written} were due" unless @asked.writes == years.written

    [figure("backfill_requests_vs_allowed#{of}", "backfill of #{years.total}: requests, of each kind's sum", "≤ 1",
            [spent.fdiv(years.allowed)], note),
     figure("backfill_estimate_off#{of}", "backfill: what the estimate was off", "≤ 0.05",
            [(estimate[:requests] - spent).abs.fdiv(spent)], "#{estimate[:requests]} estimated")]
  end

  def speed(run, seconds, memory)
    a_second = run.total / seconds
    [figure("backfill_contacts_a_second", "backfill without a throttle: contacts a second", nil, [a_second],
            format("%<took>.0f s; of #{ALL} %<all>.1f h", took: seconds, all: ALL / a_second / 3600)),
     most(memory)]
  end

  def most(memory, of = "")
    figure("backfill_memory#{of}", "backfill: MiB of its Sidekiq's process at most", "≤ 300", [memory])
  end

  def throttled(tokens, most)
    years = years([CLOCKED, EACH * tokens].max, tokens: tokens)
    begin_with(years)
    estimate = backfill.estimate(@hook.reload)
    @asked = Asked.new(@krayin)
    @krayin.turn(throttle: true)
    run = start
    seconds = memory = nil
    statements = statements { seconds, memory = PROCESSES > 1 ? by_the_wall(run) : [turned(run)] }
    check(run, years)
    count = @asked.look.count
    raise "#{@asked.refused} requests were refused" if @asked.refused.positive?

    rate = rate_of(count, seconds)
    hours = count.fdiv(years.total) * ALL / rate / 3600
    told = [figure("backfill_hours_#{tokens}_tokens", "backfill of #{ALL}, #{tokens} tokens of 60 a minute: hours",
                   "≤ #{most}", [hours], format("%<count>d requests for #{years.total}, %<rate>.1f a token and minute",
                                                count: count, rate: rate * 60 / tokens))]
    of = "_#{tokens}_tokens"
    told.concat(requests(years, estimate, of))
    return told << most(memory, of) if PROCESSES > 1

    told << figure("backfill_statements_#{tokens}_tokens", "the same: SQL statements a contact", nil,
                   [statements.fdiv(years.total)])
  ensure
    @krayin&.stop
  end

  # By what was sent between the first and the last time that a minute was used up: neither the first minute, which is
  # all there at once, nor the last, which is not used to its end, says what an hour takes. By the wall's clock from the
  # end of the first two minutes on.
  # @return [Float] requests a second
  def rate_of(count, seconds)
    (from, before), (to, after) = (@used_up.drop_while { |at, _| PROCESSES > 1 && at < 120 }).values_at(0, -1)
    return count / seconds unless to

    to - from >= 60 ? (after - before) / (to - from) : count / seconds
  end

  # By Sidekiqs, where the budget is as much as they can do.
  # @return [Array(Float, Float)] seconds, and MiB
  def by_the_wall(run)
    @used_up = [[0.0, 0]]
    by_sidekiq(run) { |seconds| @used_up << [seconds, run.requests] }
  end

  # In this process, all lanes beside one another, and by a clock that goes on at once where none has anything to do.
  # @return [Float] seconds that it took by that clock
  def turned(run)
    clock = TurnedClock.new { |seconds| turn(run, seconds) }
    naps = Module.new { define_method(:sleep) { |seconds| clock.sleep(seconds) } }
    KrayinSync::Chatwoot::BackfillWork.prepend(naps)
    @used_up = [[0.0, 0]]
    while run.reload.running?
      next if work_off(clock)

      @used_up << [clock.now, run.requests.to_f]
      clock.pass(Sidekiq::ScheduledSet.new.first.at - Time.now)
    end
    @used_up.shift if @used_up.size > 1
    clock.now
  end

  # @return [Boolean] whether anything was due
  def work_off(clock)
    due = Sidekiq::ScheduledSet.new.select { |job| job.at <= Time.now }
    jobs = Sidekiq::Queue.all.flat_map(&:to_a) + due
    jobs.each(&:delete)
    clock.run(jobs.map { |job| -> { ActiveRecord::Base.connection_pool.with_connection { perform(job) } } })
    jobs.any?
  end

  def perform(job) = job.klass.constantize.new.perform(*job.args)

  # By whole seconds, as the simulator's clock is turned.
  def turn(run, seconds)
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
