# frozen_string_literal: true

# What the host's own code may do while the core asks it something, within a call.
RSpec.describe "the host's code within a call" do
  let(:krayin) { SimulatedKrayin.of("2.1.0") }

  def run(script) = Child.run(preamble + script, JSON.generate(krayin.settings))

  let(:preamble) { <<~'RUBY' }
    HOOK = Struct.new(:app_id, :settings).new("krayin", JSON.parse(ARGV[0]))
    class Records < KrayinSync::Records::Memory
      attr_accessor :within
      def store(...) = super.tap { within&.call }
    end
    RECORDS = Records.new
    def event(id)
      contact = { id: id, name: "Callback", email: "callback#{id}@example.com" }
      KrayinSync::ProcessorService.new(inbox: nil, hook: HOOK, event_name: "contact.created", records: RECORDS,
                                       event_data: { contact: contact }).perform
    end
  RUBY

  it "may raise, throw and end its thread; the next event finds what was left" do
    output, status = run(<<~'RUBY')
      RECORDS.within = -> { raise NoMemoryError, "full" }
      begin
        event(80_001)
      rescue NoMemoryError => e
        puts e.message
      end
      RECORDS.within = -> { throw :out, "thrown" }
      puts catch(:out) { event(80_001) }
      RECORDS.within = -> { Thread.exit }
      puts Thread.new { event(80_002) }.value.inspect
      RECORDS.within = -> { Thread.current.kill }
      puts Thread.new { event(80_003) }.join.alive?
      RECORDS.within = nil
      (80_001..80_003).each { |id| puts event(id)[:status] }
    RUBY
    expect(output.split("\n")).to eq(%w[full thrown nil false synced synced synced])
    expect(status).to be_success
  end

  it "may leave by whatever leaves a block, a thread or a process; the next event finds what was left" do
    output, status = run(<<~'RUBY')
      endings = [-> { exit 3 }, -> { abort }, -> { raise Interrupt }, -> { raise SignalException, "TERM" },
                 -> { raise StopIteration }, -> { raise SystemStackError }, -> { throw :nobody }]
      endings.each_with_index do |ending, i|
        RECORDS.within = ending
        event(80_100 + i)
      rescue Exception => e
        RECORDS.within = nil
        puts "#{e.class} #{event(80_100 + i)[:status]}"
      end
      def returning
        RECORDS.within = proc { return "returned" }
        event(80_110)
      end
      puts returning
      RECORDS.within = nil
      puts event(80_110)[:status]
    RUBY
    left = %w[SystemExit SystemExit Interrupt SignalException StopIteration SystemStackError UncaughtThrowError]
    expect(output.split("\n")).to eq([*left.map { |name| "#{name} synced" }, "returned", "synced"])
    expect(status).to be_success
  end

  it "may leave its fiber in the middle, for a while or for ever" do
    output, status = run(<<~'RUBY')
      begun = ->(id) { Fiber.new { RECORDS.within = -> { Fiber.yield }; event(id)[:status] }.tap(&:resume) }
      resumed = begun.call(80_120)
      RECORDS.within = nil
      puts event(80_121)[:status], resumed.resume
      100.times { |i| begun.call(80_130 + i) }
      RECORDS.within = nil
      2.times { GC.start }
      puts event(80_122)[:status]
    RUBY
    expect(output).to eq("synced\n" * 3)
    expect(status).to be_success
  end

  it "may call, collect garbage and compact the heap" do
    output, status = run(<<~'RUBY')
      client = KrayinSync::Api::BaseClient.new(HOOK.settings["api_url"], HOOK.settings["api_token"])
      RECORDS.within = lambda do
        GC.start
        GC.compact if GC.respond_to?(:compact)
        client.get("get")
      end
      puts event(80_010)[:status]
    RUBY
    expect(output).to eq("synced\n")
    expect(status).to be_success
  end

  it "may fork: the child's call ends with an error, the parent's goes on" do
    output, status = run(<<~'RUBY')
      $stdout.sync = true
      RECORDS.within = lambda do
        RECORDS.within = nil
        Process.wait(fork || next)
      end
      begin
        outcome = event(80_020)
        puts "parent #{outcome[:status]}"
      rescue KrayinSync::Error => e
        puts "child #{e.message[/forked within this call/]}"
        puts "child #{event(80_021)[:status]}"
        exit!
      end
    RUBY
    expect(output.split("\n")).to eq(["child forked within this call", "child synced", "parent synced"])
    expect(status).to be_success
  end

  it "may become a daemon: its call ends with an error, and the next works" do
    output, status = run(<<~'RUBY')
      reader, writer = IO.pipe
      if fork
        writer.close
        puts reader.read
      else
        RECORDS.within = -> { Process.daemon(true, true) }
        begin
          event(80_140)
        rescue KrayinSync::Error => e
          RECORDS.within = nil
          writer.puts e.message[/forked within this call/], event(80_141)[:status]
        end
        writer.close
        exit!
      end
    RUBY
    expect(output).to eq("forked within this call\nsynced\n")
    expect(status).to be_success
  end

  it "may answer with nonsense, which is an error of the call and takes nothing down" do
    output, status = run(<<~'RUBY')
      class Odd < Struct.new(:swapped)
        def swap(*) = swapped
      end
      [[true, "", 0], [true, "", 2**64 - 1], [false, "no state", 5], [false, '{"window": 5}', 5], [false, "", 0],
       [true, "", -1], [true, "", Float::NAN], nil, [1], ["x", {}]]
        .each_with_index do |swapped, at|
          KrayinSync.limiter_store = Odd.new(swapped)
          event(80_030 + at)
          puts "synced"
        rescue StandardError => e
          puts e.class
        end
      KrayinSync.limiter_store = nil
      KrayinSync.retry_base = Float::NAN
      RECORDS.define_singleton_method(:load) { |*| "no json" }
      2.times do
        event(80_039)
      rescue StandardError => e
        puts e.class
        RECORDS.define_singleton_method(:load) { |*| 5 }
      end
    RUBY
    expect(output.split("\n"))
      .to eq([*(["synced"] * 5), "RangeError", "FloatDomainError", *(["TypeError"] * 3),
              "KrayinSync::RecordsError", "TypeError"])
    expect(status).to be_success
  end

  it "may put off interrupts: the call runs to its end without spinning, and they come then" do
    server = RawServer.new { sleep(1) && "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" }
    thread = Thread.new do
      began = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
      Thread.handle_interrupt(IOError => :never) do
        KrayinSync::Api::BaseClient.new(server.url, "1|a").get("get")
        Thread.current[:answered] = true
        Thread.current[:cpu] = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - began
      end
    end
    thread.report_on_exception = false
    server.requests.pop
    thread.raise(IOError, "later")
    expect { thread.join }.to raise_error(IOError, "later")
    expect(thread[:answered]).to be(true)
    expect(thread[:cpu]).to be < 0.5
  ensure
    server&.stop
  end
end
