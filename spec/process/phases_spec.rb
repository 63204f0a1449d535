# frozen_string_literal: true

require "timeout"
require_relative "../support/held_server"
require_relative "../support/latencies"

# Each phase of a call, held for ever by a server that goes no further.
RSpec.describe "a call that is interrupted in each of its phases" do
  # Against a call that runs to its end, 30 s: wide enough for a busy machine. What it took is printed.
  let(:soon) { 10.0 }

  def start(server)
    client = KrayinSync::Api::BaseClient.new(server.url, "1|a")
    thread = Thread.new { server.call(client) }
    thread.report_on_exception = false
    server.wait_for_call
    expect(thread).to be_alive
    thread
  end

  def measure(way, &) = expect(Latencies.measure(way, &)).to(be < soon)

  # The request is gone from the wire: its connection ends before all of it was sent, or no further attempt comes.
  def expect_cancelled(server, phase)
    case phase
    when :connecting then return
    when :between_retries
      sleep HeldServer::PAUSE + 0.5
      return expect(server.held).to be_empty
    when :sending then server.let_go
    end
    sent = Timeout.timeout(10) { server.closed.pop }
    expect(sent).to be < HeldServer::LARGE
  end

  def expect_sound
    krayin = SimulatedKrayin.of("2.1.0")
    good = KrayinSync::Api::BaseClient.new(krayin.url, SimulatedKrayin::TOKEN)
    expect(good.get("get")["data"]).to include("id" => 2)
  end

  HeldServer::PHASES.each do |phase|
    context "while #{phase.to_s.tr("_", " ")}" do
      let(:server) { HeldServer.new(phase) }

      after { server.stop }

      it "ends at once by Thread#kill, and takes its request with it" do
        thread = start(server)
        measure("kill") { thread.kill.join }
        expect_cancelled(server, phase)
        expect_sound
      end

      it "ends at once by Thread#raise, and takes its request with it" do
        thread = start(server)
        thread.raise(IOError, "stop")
        measure("raise") { expect { thread.join }.to raise_error(IOError, "stop") }
        expect_cancelled(server, phase)
        expect_sound
      end

      it "ends at once by Timeout, and the next call on the same thread and connections is sound" do
        client = KrayinSync::Api::BaseClient.new(server.url, "1|a")
        # Long enough for the call to be in its phase: the large body alone takes a while to write.
        limit = 0.7
        began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
        # The timer's thread begins to count when it gets to run: before the work on a large body, not after it.
        call = ->(*) { sleep(0.05) && server.call(client) }
        expect { Timeout.timeout(limit, &call) }.to raise_error(Timeout::Error)
        late = Process.clock_gettime(Process::CLOCK_MONOTONIC) - began - limit
        expect(Latencies.note("timeout", late)).to be < soon
        expect_sound
      end

      %w[INT TERM].each do |signal|
        it "ends at once by SIG#{signal}, and takes its request with it" do
          script = <<~'RUBY'
            client = KrayinSync::Api::BaseClient.new(ARGV[0], "1|a")
            body = { description: "x" * Integer(ARGV[1]) } if ARGV[1] != "0"
            $stdout.syswrite("ready\n")
            body ? client.post("leads", body) : client.get("get")
          RUBY
          large = server.body ? HeldServer::LARGE : 0
          command = [RbConfig.ruby, "-W0", "-I", Child::LIB, "-r", "krayin_sync", "-e", script, server.url, large.to_s]
          IO.popen(command, err: File::NULL) do |child|
            child.gets
            Timeout.timeout(10) { server.wait_for_call }
            Process.kill(signal, child.pid)
            measure("SIG#{signal}") { Timeout.timeout(20) { Process.wait(child.pid) } }
            expect(Process.last_status.termsig).to eq(Signal.list[signal])
          end
          expect_cancelled(server, phase)
        end
      end
    end
  end
end
