# frozen_string_literal: true

require "redis"
require "tmpdir"

# A Redis of the specs' own, on a free port, gone with them.
class RedisServer
  class << self
    def url = (@running ||= new).url

    def stop
      @running&.stop
      @running = nil
    end
  end

  attr_reader :url

  def initialize
    @folder = Dir.mktmpdir
    port = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
    @pid = Process.spawn("redis-server", "--port", port.to_s, "--bind", "127.0.0.1", "--dir", @folder, "--save", "",
                         out: File::NULL, err: File::NULL, in: File::NULL)
    @url = "redis://127.0.0.1:#{port}"
    answers = lambda do
      Redis.new(url: @url).ping
    rescue Redis::CannotConnectError
      nil
    end
    sleep 0.02 until answers.call || Process.waitpid(@pid, Process::WNOHANG)
  end

  def stop
    Process.kill(:TERM, @pid)
    Process.wait(@pid)
    FileUtils.rm_rf(@folder)
  end
end
