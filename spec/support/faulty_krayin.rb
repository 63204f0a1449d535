# frozen_string_literal: true

require "openssl"
require "socket"

# A simulated Krayin behind a web server with a fault: requests go through it, unless the block answers them itself.
class FaultyKrayin
  attr_reader :paths

  # @param tls [OpenSSL::SSL::SSLContext, nil]
  # @param host [String] what it is called
  # @yieldparam path [String]
  # @yieldparam head [String] the request's, which may be changed in place
  # @yieldreturn [String, nil] the answer, nil to let Krayin answer
  def initialize(krayin, tls: nil, host: "127.0.0.1", &fault)
    @krayin = krayin && URI(krayin.url)
    @socket = TCPServer.new("127.0.0.1", 0)
    @tls = tls
    @host = host
    @fault = fault
    @paths = Queue.new
    @thread = Thread.new { loop { serve(@socket.accept) } }
  end

  def url = "#{@tls ? "https" : "http"}://#{@host}:#{@socket.addr[1]}"

  def self.answer(status, body = "", type: "text/html", **headers)
    lines = headers.map { |name, value| "#{name.to_s.tr("_", "-")}: #{value}" }
    ["HTTP/1.1 #{status}", "Content-Type: #{type}", "Content-Length: #{body.bytesize}", "Connection: close", *lines, "",
     body].join("\r\n")
  end

  # A certificate of a test's own.
  def self.certificate(host: "localhost", from: Time.now - 3600, till: Time.now + 3600, issuer: nil,
                       signs: issuer.nil?)
    key = OpenSSL::PKey::RSA.new(2048)
    made = OpenSSL::X509::Certificate.new
    made.version = 2
    made.serial = rand(1..(2**60))
    made.subject = OpenSSL::X509::Name.parse("/CN=#{host}")
    made.issuer = issuer ? issuer.first.subject : made.subject
    made.public_key = key.public_key
    made.not_before = from
    made.not_after = till
    extensions = OpenSSL::X509::ExtensionFactory.new(issuer&.first || made, made)
    made.add_extension(extensions.create_extension("subjectAltName", "DNS:#{host}"))
    made.add_extension(extensions.create_extension("basicConstraints", "CA:#{signs.to_s.upcase}", true))
    made.sign(issuer ? issuer.last : key, OpenSSL::Digest.new("SHA256"))
    [made, key]
  end

  def self.tls(certificate, key)
    OpenSSL::SSL::SSLContext.new.tap do |context|
      context.cert = certificate
      context.key = key
    end
  end

  def stop
    @thread.kill
    @socket.close
  end

  private

  def serve(client)
    Thread.new do
      client = OpenSSL::SSL::SSLSocket.new(client, @tls).accept if @tls
      head = +""
      head << client.readpartial(4096) until head.include?("\r\n\r\n") || spoken_to_by_tls?(head)
      path = head[/\A\S+ (\S+)/, 1]
      @paths << path
      client.write(path ? @fault.call(path, head) || passed_on(head) : self.class.answer("400 Bad Request"))
      client.close
    rescue SystemCallError, IOError, OpenSSL::SSL::SSLError
      nil
    end
  end

  # Web servers then answer at once, in plain words.
  def spoken_to_by_tls?(head) = head.getbyte(0) == 0x16

  def passed_on(head)
    return self.class.answer("404 Not Found", "<html>nginx</html>") unless @krayin

    TCPSocket.open(@krayin.host, @krayin.port) do |server|
      server.write(head.sub(/^Connection:.*\r\n/i, "").sub("\r\n", "\r\nConnection: close\r\n"))
      server.read
    end
  end
end
