# frozen_string_literal: true

require "tempfile"
require_relative "../support/latencies"

# The first phase of a call, held by a name server that never answers: in a network and a /etc/resolv.conf of its own,
# which Linux gives to anybody where it is told to.
RSpec.describe "a call whose host's name is not found out" do
  PREAMBLE = <<~'RUBY' # rubocop:disable Lint/ConstantDefinitionInBlock
    require "socket"
    # The loopback interface of the new network, up: SIOCSIFFLAGS with IFF_UP and IFF_RUNNING.
    Socket.new(:INET, :DGRAM).ioctl(0x8914, ["lo", 0x41].pack("a16s_x14"))
    QUESTIONS = UDPSocket.new.tap { |socket| socket.bind("127.0.0.1", 53) }
    SERVER = TCPServer.new("127.0.0.1", 0)
    Thread.new do
      while (client = SERVER.accept)
        client.readpartial(4096)
        client.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        client.close
      end
    end
    def good = KrayinSync::Api::BaseClient.new("http://127.0.0.1:#{SERVER.addr[1]}", "1|a").get("get")
    CLIENT = KrayinSync::Api::BaseClient.new("https://krayin.invalid-name.example", "1|a")
    def start
      thread = Thread.new { CLIENT.get("get") }
      thread.report_on_exception = false
      QUESTIONS.recv(512) # it has asked
      thread
    end
    def seconds
      began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      yield
      Process.clock_gettime(Process::CLOCK_MONOTONIC) - began
    end
  RUBY

  def command(*rest) = ["unshare", "--map-root-user", "--mount", "--net", *rest]

  def run(script)
    file = Tempfile.create("resolv.conf")
    file.write("nameserver 127.0.0.1\noptions timeout:30 attempts:1\n")
    file.close
    ruby = [RbConfig.ruby, "-W0", "-I", Child::LIB, "-r", "krayin_sync", "-e", PREAMBLE + script]
    mounted = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
    Timeout.timeout(Child::PATIENCE) { Open3.capture2e(*command("sh", "-c", mounted, file.path, *ruby)) }
  ensure
    File.unlink(file.path) if file
  end

  before do
    _, status = Open3.capture2e(*command("mount", "--bind", "/etc/hosts", "/etc/hosts"))
    skip "unshare is not permitted here" unless status.success?
  rescue Errno::ENOENT
    skip "there is no unshare here"
  end

  # Wide against a busy machine, narrow against the 10 s after which the call itself gives up.
  let(:soon) { 5.0 }

  it "ends at once by Thread#kill, Thread#raise and Timeout, and lets the others run" do
    output, status = run(<<~'RUBY')
      require "timeout"
      thread = start
      puts "kill #{seconds { thread.kill.join }}"
      thread = start
      puts "raise #{seconds { thread.raise(IOError, "stop"); thread.join rescue puts $!.message }}"
      late = seconds { Timeout.timeout(0.3) { CLIENT.get("get") } rescue puts $!.class } - 0.3
      puts "timeout #{late}"
      puts good, Thread.list.size
    RUBY
    taken = output.scan(/^(\w+) (-?[\d.e-]+)$/)
    expect(taken.map(&:first)).to eq(%w[kill raise timeout])
    taken.each { |way, seconds| expect(Latencies.note(way, seconds.to_f)).to be < soon }
    expect(output).to include("stop\n", "Timeout::Error\n", "{}\n2\n")
    expect(status).to be_success
  end

  %w[INT TERM].each do |signal|
    it "ends with its process at once by SIG#{signal}" do
      output, = run(<<~RUBY)
        child = fork { start.join }
        sleep 0.3
        Process.kill("#{signal}", child)
        puts "took \#{seconds { Process.wait(child) }}, signal \#{$?.termsig}"
      RUBY
      taken, ending = output.match(/^took (\S+), signal (\d+)$/).captures
      expect(Latencies.note("SIG#{signal}", taken.to_f)).to be < soon
      expect(ending.to_i).to eq(Signal.list[signal])
    end
  end

  it "gets no signal on the thread that finds it out" do
    output, status = run(<<~'RUBY')
      start
      ours = Dir["/proc/self/task/*/status"].map { |path| File.read(path) }.select { |said| said.include?("krayin_sync") }
      # All but KILL and STOP, and the two that the C library keeps for itself.
      masked = (1..64).count { |number| ours.first[/^SigBlk:\t(.*)/, 1].hex[number - 1] == 1 }
      puts ours.size, masked
    RUBY
    expect(output).to eq("1\n60\n")
    expect(status).to be_success
  end

  it "does not hold up a process that ends or forks" do
    output, status = run(<<~'RUBY')
      start
      puts seconds { Process.wait(fork { exit!(good == {} ? 0 : 1) }) } < 5, $?.exitstatus
      at_exit { puts good }
    RUBY
    expect(output).to eq("true\n0\n{}\n")
    expect(status).to be_success
  end
end
