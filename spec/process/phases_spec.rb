# frozen_string_literal: true

require "timeout"

# Each phase of a call, held for ever by a server that goes no further.
RSpec.describe "a call that is interrupted in each of its phases" do
  # Against a call that runs to its end, 30 s: wide enough for a busy machine.
  let(:soon) { 1.0 }
  let(:sockets) { [] }
  let(:threads) { [] }

  after do
    threads.each(&:kill)
    sockets.each(&:close)
  end

  def listen(backlog = 16)
    socket = Socket.new(:INET, :STREAM)
    socket.bind(Addrinfo.tcp("127.0.0.1", 0))
    socket.listen(backlog)
    sockets << socket
    socket
  end

  def port(socket) = socket.local_address.ip_port

  def serve(socket)
    threads << Thread.new do
      loop do
        client, = socket.accept
        sockets << client
        yield client
      end
    end
  end

  # Nobody accepts, and no further connection fits into the queue.
  def connecting
    socket = listen(0)
    3.times do
      waiting = Socket.new(:INET, :STREAM)
      waiting.connect_nonblock(socket.local_address, exception: false)
      sockets << waiting
    end
    "http://127.0.0.1:#{port(socket)}"
  end

  def handshake
    "https://127.0.0.1:#{port(listen)}"
  end

  def sending
    "http://127.0.0.1:#{port(listen)}"
  end

  def waiting
    socket = listen
    serve(socket) { |client| client.readpartial(65_536) }
    "http://127.0.0.1:#{port(socket)}"
  end

  def reading
    socket = listen
    serve(socket) do |client|
      client.readpartial(65_536)
      client.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    end
    "http://127.0.0.1:#{port(socket)}"
  end

  def between_retries
    socket = listen
    serve(socket) do |client|
      client.readpartial(65_536)
      client.write("HTTP/1.1 503 Busy\r\nRetry-After: 20\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
      client.close_write
    end
    "http://127.0.0.1:#{port(socket)}"
  end

  def start(url, body)
    client = KrayinSync::Api::BaseClient.new(url, "1|a")
    thread = Thread.new { body ? client.post("leads", body) : client.get("get") }
    thread.report_on_exception = false
    # Into the phase: the thread sleeps in it until it is interrupted.
    sleep 0.15
    expect(thread).to be_alive
    thread
  end

  def seconds
    began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    yield
    Process.clock_gettime(Process::CLOCK_MONOTONIC) - began
  end

  %i[connecting handshake sending waiting reading between_retries].each do |phase|
    it "ends at once while #{phase.to_s.tr("_", " ")}, and the next call is sound" do
      url = send(phase)
      # Larger than the buffers of both sides, so that it cannot be sent without a reader.
      body = { description: "x" * 20_000_000 } if phase == :sending
      killed = start(url, body)
      expect(seconds { killed.kill.join }).to be < soon
      raised = start(url, body)
      raised.raise(IOError, "stop")
      expect(seconds { expect { raised.join }.to raise_error(IOError, "stop") }).to be < soon
      client = KrayinSync::Api::BaseClient.new(url, "1|a")
      call = -> { Timeout.timeout(0.1) { body ? client.post("leads", body) : client.get("get") } }
      expect(seconds { expect(&call).to raise_error(Timeout::Error) }).to be < soon

      krayin = SimulatedKrayin.of("2.1.0")
      good = KrayinSync::Api::BaseClient.new(krayin.url, SimulatedKrayin::TOKEN)
      expect(good.get("get")["data"]).to include("id" => 2)
    end
  end
end
