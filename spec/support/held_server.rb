# frozen_string_literal: true

require "socket"

# A server that holds every call in one phase for ever, and notes when a client's connection is gone.
class HeldServer
  # Larger than the buffers of both sides, so that it cannot be sent without a reader.
  LARGE = 20_000_000
  # What a client that waits between two attempts is told to wait, in seconds.
  PAUSE = 2

  PHASES = %i[connecting handshake sending waiting reading between_retries].freeze

  # @return [Queue] of what each connection had sent when it was gone, in bytes
  attr_reader :closed
  # @return [Queue] of :held, once a connection: the call is in its phase then
  attr_reader :held

  def initialize(phase)
    @phase = phase
    @closed = Queue.new
    @held = Queue.new
    @sockets = []
    @socket = listen(phase == :connecting ? 0 : 16)
    phase == :connecting ? fill : @thread = Thread.new { loop { serve(@socket.accept.first) } }
  end

  def url = "#{@phase == :handshake ? "https" : "http"}://127.0.0.1:#{port}"

  # What the call must send to come into the phase.
  def body = @phase == :sending ? { description: "x" * LARGE } : nil

  def call(client) = body ? client.post("leads", body) : client.get("get")

  # Waits until the next call is in its phase.
  def wait_for_call
    return sleep(0.1) if @phase == :connecting # nobody sees it

    held.pop
    sleep(0.02)
  end

  # Reads on, where it had stopped: what was on its way comes in, and then the end.
  def let_go = @release&.close

  def stop
    @thread&.kill
    @sockets.each(&:close)
  end

  private

  def port = @socket.local_address.ip_port

  def listen(backlog)
    socket = Socket.new(:INET, :STREAM)
    socket.bind(Addrinfo.tcp("127.0.0.1", 0))
    socket.listen(backlog)
    @sockets << socket
    socket
  end

  # Nobody accepts, and no further connection fits into the queue.
  def fill
    3.times do
      waiting = Socket.new(:INET, :STREAM)
      waiting.connect_nonblock(@socket.local_address, exception: false)
      @sockets << waiting
    end
  end

  def serve(client)
    @sockets << client
    @release = Queue.new if @phase == :sending
    Thread.new do
      read = hold(client)
      loop { read += client.readpartial(1 << 20).bytesize }
    rescue SystemCallError, IOError
      @closed << read
    end
  end

  # @return [Integer] how many bytes have come
  def hold(client)
    release = @release
    first = @phase == :sending ? client.recv(1, Socket::MSG_PEEK) && 0 : client.readpartial(65_536).bytesize
    answer(client)
    @held << :held
    release&.pop
    first
  end

  def answer(client)
    case @phase
    when :reading then client.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    when :between_retries
      client.write("HTTP/1.1 503 Busy\r\nRetry-After: #{PAUSE}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
      client.close_write
    end
  end
end
