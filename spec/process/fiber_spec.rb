# frozen_string_literal: true

require "timeout"

RSpec.describe "fibers that a scheduler runs" do
  let(:krayin) { SimulatedKrayin.of("2.1.0") }

  let(:scheduler) { File.expand_path("../support/fiber_scheduler.rb", __dir__) }

  def run(script, *arguments)
    Child.run("require #{scheduler.dump}\nFiber.set_scheduler(FiberScheduler.new)\n#{script}", *arguments)
  end

  it "go on while one is in a call, and many calls are under way at once" do
    held = Queue.new
    server = RawServer.new do
      held << 1
      # Nobody is answered before all have asked.
      sleep 0.01 until held.size >= 8
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    end
    output, status = run(<<~'RUBY', server.url)
      client = KrayinSync::Api::BaseClient.new(ARGV[0], "1|a")
      done = []
      8.times { |i| Fiber.schedule { client.get("get"); done << i } }
      Fiber.schedule { 5.times { sleep 0.01 }; done << :sleeper }
      at_exit { p done.size, Thread.list.size }
    RUBY
    expect(output).to eq("9\n1\n")
    expect(status).to be_success
  ensure
    server&.stop
  end

  it "run whole events, whose records wait themselves, and leave no descriptor behind" do
    output, status = run(<<~'RUBY', JSON.generate(krayin.settings))
      class SlowRecords < KrayinSync::Records::Memory
        def load(...) = sleep(0.01) && super
      end
      KrayinSync.records = SlowRecords.new
      HOOK = Struct.new(:app_id, :settings).new("krayin", JSON.parse(ARGV[0]))
      def event(id)
        contact = { id: id, name: "Fiber", email: "fiber#{id}@example.com" }
        KrayinSync::ProcessorService.new(inbox: nil, hook: HOOK, event_name: "contact.created",
                                         event_data: { contact: contact }).perform
      end
      event(70_000)
      files = -> { GC.start; Dir.children("/proc/self/fd").size }
      people, before = [], nil
      Fiber.schedule do
        4.times do |round|
          4.times { |i| Fiber.schedule { people << event(70_001 + (round * 4) + i)[:ids][:person] } }
          sleep 0.01 until people.size == (round + 1) * 4
        end
        open = Dir.children("/proc/self/fd").count { |fd| File.readlink("/proc/self/fd/#{fd}").start_with?("pipe:") rescue false }
        # Standard streams, Ruby's own and the scheduler's: no two a call.
        p people.uniq.size, open < 12
      end
    RUBY
    expect(output).to eq("16\ntrue\n")
    expect(status).to be_success
  end

  it "may be ended in a call, and the request with it" do
    server = RawServer.new { nil }
    output, status = run(<<~'RUBY', server.url)
      client = KrayinSync::Api::BaseClient.new(ARGV[0], "1|a")
      waiting = Fiber.schedule do
        client.get("get")
      rescue IOError => e
        puts e.message
      end
      Fiber.schedule do
        sleep 0.2
        waiting.raise(IOError, "enough")
        sleep 0.5
      end
    RUBY
    expect(output).to eq("enough\n")
    expect(status).to be_success
    Timeout.timeout(10) { server.closed.pop }
  ensure
    server&.stop
  end
end
