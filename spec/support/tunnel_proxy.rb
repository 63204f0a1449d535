# frozen_string_literal: true

require "openssl"
require "socket"

# A proxy: CONNECT for https, whole addresses for http, a user and password where it is given some.
class TunnelProxy
  # Said, since a client would else send its next request to a connection that is being closed.
  END_OF_IT = "Content-Length: 0\r\nConnection: close\r\n\r\n"
  # @return [Array<String>] what it was asked for
  attr_reader :asked

  # @param user [String, nil] user:password
  # @param tls [OpenSSL::SSL::SSLContext, nil] where it is spoken to by TLS
  # @param refusal [String, nil] the status that it gives all
  def initialize(user: nil, tls: nil, refusal: nil)
    @user = user
    @tls = tls
    @refusal = refusal
    @asked = []
    @socket = TCPServer.new("127.0.0.1", 0)
    @thread = Thread.new { loop { serve(@socket.accept) } }
  end

  def port = @socket.addr[1]

  def url(user = @user) = "#{@tls ? "https" : "http"}://#{"#{user}@" if user}localhost:#{port}"

  def stop
    @thread.kill
    @socket.close
  end

  private

  def serve(client)
    Thread.new do
      client = OpenSSL::SSL::SSLSocket.new(client, @tls).tap { |socket| socket.sync_close = true }.accept if @tls
      head = +""
      head << client.readpartial(1) until head.end_with?("\r\n\r\n")
      answer(client, head)
    rescue SystemCallError, IOError, OpenSSL::SSL::SSLError
      nil
    ensure
      client.close
    end
  end

  def answer(client, head)
    method, target = head.split
    @asked << "#{method} #{target}"
    return client.write("HTTP/1.1 #{@refusal}\r\n#{END_OF_IT}") if @refusal
    return client.write("HTTP/1.1 407 Who\r\n#{END_OF_IT}") unless known?(head)

    method == "CONNECT" ? tunnel(client, target) : pass_on(client, head, URI(target))
  end

  def known?(head)
    @user.nil? || head[/^Proxy-Authorization: Basic (\S+)/i, 1].to_s.unpack1("m") == @user.gsub("%40", "@")
  end

  def tunnel(client, target)
    host, port = target.split(":")
    server = TCPSocket.new(host, port)
    client.write("HTTP/1.1 200 Connection established\r\n\r\n")
    [[client, server], [server, client]].map { |from, to| Thread.new { copy(from, to) } }.each(&:join)
  rescue Errno::ECONNREFUSED
    client.write("HTTP/1.1 502 Bad Gateway\r\n#{END_OF_IT}")
  end

  def copy(from, to)
    loop { to.write(from.readpartial(16_384)) }
  rescue SystemCallError, IOError, OpenSSL::SSL::SSLError
    [from, to].each { |socket| socket.to_io.shutdown rescue nil } # rubocop:disable Style/RescueModifier
  end

  def pass_on(client, head, uri)
    TCPSocket.open(uri.host, uri.port) do |server|
      server.write(head.sub(%r{ http://[^/]+}, " ").sub(/^Proxy-.*\r\n/i, "").sub("\r\n", "\r\nConnection: close\r\n"))
      client.write(server.read)
    end
  rescue Errno::ECONNREFUSED
    client.write("HTTP/1.1 502 Bad Gateway\r\n#{END_OF_IT}")
  end
end
