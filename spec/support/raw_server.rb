# frozen_string_literal: true

require "socket"

# A socket that answers as the block says, and notes what was sent and when a client went away.
class RawServer
  attr_reader :requests, :closed

  def initialize(&answer)
    @socket = TCPServer.new("127.0.0.1", 0)
    @requests = Queue.new
    @closed = Queue.new
    @thread = Thread.new { loop { serve(@socket.accept, answer) } }
  end

  def url = "http://127.0.0.1:#{@socket.addr[1]}/api/v1"

  def stop
    @thread.kill
    @socket.close
  end

  private

  def serve(client, answer)
    Thread.new do
      head = +""
      head << client.readpartial(4096) until head.include?("\r\n\r\n")
      @requests << head
      text = answer.call(head)
      text ? client.write(text) : client.read(1)
      @closed << Process.clock_gettime(Process::CLOCK_MONOTONIC)
      client.close
    rescue SystemCallError, IOError
      @closed << Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
  end
end
