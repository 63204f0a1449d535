# frozen_string_literal: true

require "json"
require "openssl"
require "socket"

# The servers that Chatwoot asks who has written, each at its own name in the whole Chatwoot's folder alone, over TLS by
# an authority that is trusted there alone.
class Networks
  NAMES = {
    "api.telegram.org" => { ok: true, result: { total_count: 0, photos: [] } },
    "api.line.me" => { displayName: "Lina Line", userId: "U4711" },
    "graph.facebook.com" => { first_name: "Fred", last_name: "Face" },
    "graph.instagram.com" => { name: "Ina Insta", username: "ina" }
  }.freeze
  BEGIN_MARK = "# networks of the examples"

  def initialize(folder)
    @hosts = File.join(folder, "etc/hosts")
    @trusted = File.join(folder, "etc/ssl/certs")
    # Port 443 of an address that no other run has.
    @address = "127.#{rand(1..254)}.#{rand(1..254)}.#{rand(1..254)}"
  end

  def start
    make_certificate
    open_port
    File.write(@hosts, "#{own_hosts}#{BEGIN_MARK}\n#{NAMES.keys.map { |name| "#{@address} #{name}\n" }.join}")
    @authority = File.join(@trusted, format("%08x.0", @certificate.subject.hash))
    File.write(@authority, @certificate.to_pem)
    @thread = Thread.new { serve }
    self
  end

  def stop
    @thread&.kill
    @server&.close
    File.write(@hosts, own_hosts)
    FileUtils.rm_f(@authority)
  end

  private

  # Those of an earlier run that was killed go as well.
  def own_hosts = File.read(@hosts).split(BEGIN_MARK).first

  def make_certificate
    @key = OpenSSL::PKey::RSA.new(2048)
    @certificate = OpenSSL::X509::Certificate.new.tap { |made| fill(made) }
    extensions = OpenSSL::X509::ExtensionFactory.new(@certificate, @certificate)
    names = NAMES.keys.map { |name| "DNS:#{name}" }.join(",")
    said = { "basicConstraints" => "CA:TRUE", "subjectAltName" => names, "subjectKeyIdentifier" => "hash" }
    said.each { |name, value| @certificate.add_extension(extensions.create_extension(name, value)) }
    @certificate.sign(@key, OpenSSL::Digest.new("SHA256"))
  end

  def fill(certificate)
    certificate.version = 2
    certificate.serial = rand(1 << 60)
    certificate.subject = certificate.issuer = OpenSSL::X509::Name.parse("/CN=networks #{certificate.serial}")
    certificate.public_key = @key.public_key
    certificate.not_before = Time.now - 3600
    certificate.not_after = Time.now + 86_400
  end

  def open_port
    context = OpenSSL::SSL::SSLContext.new
    context.cert = @certificate
    context.key = @key
    @server = OpenSSL::SSL::SSLServer.new(TCPServer.new(@address, 443), context)
    @server.start_immediately = false
  end

  def serve
    loop do
      connection = @server.accept
      Thread.new { answer(connection) }
    end
  end

  def answer(connection)
    connection.accept
    request = +""
    request << connection.readpartial(4096) until request.include?("\r\n\r\n")
    whom = request[%r{\A\S+ \S*/(\w+)}, 1]
    body = JSON.generate({ id: whom, **NAMES.fetch(request[/^host: ([^:\r]+)/i, 1].to_s.downcase, {}) })
    connection.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: #{body.bytesize}\r\n" \
                     "Connection: close\r\n\r\n#{body}")
  rescue SystemCallError, IOError, OpenSSL::SSL::SSLError
    nil
  ensure
    connection.close
  end
end
