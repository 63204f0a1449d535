# frozen_string_literal: true

require "timeout"

RSpec.describe "a call that is interrupted" do
  # Wide against a busy machine, narrow against a call that runs to its end, 30 s.
  let(:soon) { 10.0 }
  let(:server) { RawServer.new { nil } }
  let(:client) { KrayinSync::Api::BaseClient.new(server.url, "1|a") }

  after { server.stop }

  def seconds
    began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    yield
    Process.clock_gettime(Process::CLOCK_MONOTONIC) - began
  end

  it "ends with Timeout, and its request with it" do
    spent = seconds { expect { Timeout.timeout(0.2) { client.get("get") } }.to raise_error(Timeout::Error) }
    expect(spent).to be < soon
    Timeout.timeout(soon) { server.closed.pop }
  end

  it "ends with Thread#kill and with Thread#raise, and its request with it" do
    killed = Thread.new { client.get("get") }
    Timeout.timeout(5) { server.requests.pop }
    expect(seconds { killed.kill.join }).to be < soon
    Timeout.timeout(soon) { server.closed.pop }

    raised = Thread.new { client.get("get") }
    raised.report_on_exception = false
    Timeout.timeout(5) { server.requests.pop }
    raised.raise(IOError, "shut down")
    expect(seconds { expect { raised.join }.to raise_error(IOError, "shut down") }).to be < soon
  end

  it "goes on through a wakeup that wants nothing, and lets other threads run" do
    waiting = Thread.new { Timeout.timeout(1) { client.get("get") } }
    waiting.report_on_exception = false
    Timeout.timeout(5) { server.requests.pop }
    turns = 0
    10.times { waiting.wakeup && sleep(0.01) && turns += 1 }
    expect(turns).to eq(10)
    expect(waiting).to be_alive
    expect(server.closed).to be_empty
    expect { waiting.join }.to raise_error(Timeout::Error)
  end

  it "lets a process end on a signal, and a trap run" do
    script = <<~'RUBY'
      trap("USR1") { $stdout.syswrite("trapped\n") }
      $stdout.syswrite("ready\n")
      begin
        KrayinSync::Api::BaseClient.new(ARGV[0], "1|a").get("get")
      rescue Interrupt
        $stdout.syswrite("interrupted\n")
      end
    RUBY
    command = [RbConfig.ruby, "-W0", "-I", Child::LIB, "-r", "krayin_sync", "-e", script, server.url]
    IO.popen(command) do |child|
      expect(child.gets).to eq("ready\n")
      Timeout.timeout(10) { server.requests.pop }
      Process.kill(:USR1, child.pid)
      expect(Timeout.timeout(5) { child.gets }).to eq("trapped\n")
      expect(server.closed).to be_empty
      Process.kill(:INT, child.pid)
      expect(Timeout.timeout(5) { child.gets }).to eq("interrupted\n")
    end
  end
end
