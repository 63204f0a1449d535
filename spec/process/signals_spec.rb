# frozen_string_literal: true

RSpec.describe "signals" do
  let(:krayin) { SimulatedKrayin.of("2.1.0") }

  it "never come to the core's own threads" do
    scheduler = File.expand_path("../support/fiber_scheduler.rb", __dir__)
    output, status = Child.run(<<~'RUBY', krayin.url, SimulatedKrayin::TOKEN, scheduler)
      require ARGV[2]
      # One carries for fibers.
      Thread.new do
        Fiber.set_scheduler(FiberScheduler.new)
        Fiber.schedule { KrayinSync::Api::BaseClient.new(ARGV[0], ARGV[1]).get("get") }
      end.join
      tasks = Dir["/proc/self/task/*/status"].map { |path| File.read(path) }
      ours = tasks.select { |status| status[/^Name:\t(.*)/, 1].start_with?("krayin_sync") }
      masks = ours.map { |status| status[/^SigBlk:\t(.*)/, 1].hex }
      # But for KILL and STOP, and for the two that the C library keeps for itself.
      everything = (1..64).reject { |number| [9, 19, 32, 33].include?(number) }
      puts ours.any?, masks.all? { |mask| everything.all? { |number| mask[number - 1] == 1 } }
      main = tasks.find { |status| status.include?("Pid:\t#{Process.pid}\n") }
      puts main[/^SigBlk:\t(.*)/, 1].hex
    RUBY
    expect(output).to eq("true\ntrue\n0\n")
    expect(status).to be_success
  end

  # Two seconds each; for half an hour of them: STORM=900 rspec spec/process/signals_spec.rb
  let(:storm) { ENV.fetch("STORM", "2") }

  # Forks one that sends signals to this process as fast as it can until this process has gone.
  let(:preamble) { <<~'RUBY' }
    CLIENT = KrayinSync::Api::BaseClient.new(ARGV[0], ARGV[1])
    SIGNALS = %w[USR1 USR2 CONT WINCH CHLD URG ALRM VTALRM HUP].freeze
    TRAPPED = Hash.new(0)
    (SIGNALS - ["VTALRM"]).each { |name| trap(name) { TRAPPED[name] += 1 } }
    target = Process.pid
    STORM = fork do
      (SIGNALS - ["VTALRM"]).each { |name| trap(name, "DEFAULT") }
      loop do
        Process.kill(SIGNALS.sample, target)
        sleep(rand * 0.002) if rand < 0.3
      rescue Errno::ESRCH
        exit!
      end
    end
    at_exit { Process.kill(:KILL, STORM) if Process.pid == target }
    UNTIL = Process.clock_gettime(Process::CLOCK_MONOTONIC) + Float(ARGV[2])
    def over? = Process.clock_gettime(Process::CLOCK_MONOTONIC) > UNTIL
    def good = CLIENT.get("get")["data"]["id"] == 2
  RUBY

  def run(script, *rest)
    Child.run(preamble + script, krayin.url, SimulatedKrayin::TOKEN, storm, *rest,
              patience: Child::PATIENCE + storm.to_f)
  end

  it "in a storm end no call of a process that has one thread" do
    output, status = run(<<~'RUBY')
      calls = bad = 0
      until over?
        calls += 1
        bad += 1 unless good
      end
      puts bad, calls.positive?, TRAPPED.values.sum.positive?
      puts "#{calls} calls, #{TRAPPED.values.sum} signals"
    RUBY
    RSpec.configuration.reporter.message(output.lines.last)
    expect(output).to start_with("0\ntrue\ntrue\n")
    expect(status).to be_success
  end

  it "in a storm, with threads that are woken, raised in, killed and timed out in every phase, lose nothing" do
    server = RawServer.new { |head| head.include?("held") ? nil : "HTTP/1.1 503 x\r\nContent-Length: 2\r\n\r\n{}" }
    output, status = run(<<~'RUBY', server.url)
      require "timeout"
      Thread.report_on_exception = false
      HELD = KrayinSync::Api::BaseClient.new(ARGV[3], "1|a")
      class Stop < StandardError; end
      works = [
        -> { good }, -> { HELD.get("held") }, -> { HELD.get("busy") }, -> { HELD.post("busy", { x: "y" * 100_000 }) },
        -> { Timeout.timeout(rand * 0.01) { HELD.get("held") } }
      ]
      ends = Hash.new(0)
      interrupts = [:wakeup.to_proc, ->(thread) { thread.raise(Stop) }, :kill.to_proc, ->(*) {}]
      until over?
        threads = 6.times.map do
          Thread.new { works.sample.call }
        end
        until threads.none?(&:alive?)
          sleep(rand * 0.004)
          begin
            interrupts.sample.call(threads.sample)
          rescue ThreadError # it has ended
          end
        end
        threads.each do |thread|
          thread.join
          ends[:end] += 1
        rescue Stop, Timeout::Error, KrayinSync::ApiError => e
          ends[e.class] += 1
        end
      end
      # A call that was broken off may have been counted: such ones hold the budget for as long as that can be.
      begin
        puts good
      rescue KrayinSync::RateLimitError => e
        sleep(e.retry_after || 1)
        retry
      end
      puts "#{ends.values.sum} calls, #{TRAPPED.values.sum} signals"
    RUBY
    RSpec.configuration.reporter.message(output.lines.last)
    expect(output).to start_with("true\n")
    expect(status).to be_success
  ensure
    server&.stop
  end
end
