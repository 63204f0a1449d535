# frozen_string_literal: true

require "fileutils"
require "json"
require "net/http"
require "openssl"
require "tmpdir"

# The simulated Krayin, and wires to it that are as long as those to a server elsewhere.
class Servers
  TOKEN = "1|bench0123456789"
  ROOT = File.expand_path("..", __dir__)

  def initialize
    @folder = Dir.mktmpdir
    @pids = []
    File.write("#{@folder}/tokens", "#{TOKEN}\n")
  end

  # @return [String] the address of a new, empty Krayin
  def krayin
    start("krayin_sim", "--listen", "127.0.0.1:0", "--server", "2.1.0", "--no-throttle", "--tokens",
          "#{@folder}/tokens")
  end

  # @return [String] the same Krayin at the end of a wire
  def wire(url, rtt_ms, tls: false)
    certify if tls
    keys = tls ? ["#{@folder}/cert.pem", "#{@folder}/key.pem"] : []
    address = start("wire", URI(url).then { |uri| "#{uri.host}:#{uri.port}" }, rtt_ms.to_s, *keys)
    "#{tls ? "https" : "http"}://localhost:#{address[/\d+\z/]}#{URI(url).path}"
  end

  # The authority that signed the wire's certificate: both Ruby's and Rust's TLS read it where they are told to.
  def authority
    certify
    "#{@folder}/authority.pem"
  end

  def control(url, path, body)
    Net::HTTP.post(URI.join(url, path), JSON.generate(body), "Content-Type" => "application/json")
  end

  def requests(url) = JSON.parse(Net::HTTP.get(URI.join(url, "/_sim/requests"))).size

  def stop
    @pids.each { |pid| Process.kill(:TERM, pid) && Process.wait(pid) }
    FileUtils.rm_rf(@folder)
  end

  private

  def start(program, *arguments)
    log = "#{@folder}/#{program}-#{@pids.size}.log"
    @pids << Process.spawn("#{ROOT}/target/release/#{program}", *arguments, out: log, err: %i[child out],
                                                                            in: File::NULL)
    sleep 0.01 until (said = File.read(log)[/listening on (\S+)/, 1]) || Process.waitpid(@pids.last, Process::WNOHANG)
    said || raise("#{program}: #{File.read(log)}")
  end

  def certify
    return if File.exist?("#{@folder}/cert.pem")

    ca_key, ca = certificate("/CN=Bench authority", nil, nil, "basicConstraints" => "CA:TRUE")
    key, cert = certificate("/CN=localhost", ca, ca_key, "subjectAltName" => "DNS:localhost")
    File.write("#{@folder}/authority.pem", ca.to_pem)
    File.write("#{@folder}/cert.pem", cert.to_pem)
    File.write("#{@folder}/key.pem", key.private_to_pem)
  end

  def certificate(name, issuer, issuer_key, extensions)
    key = OpenSSL::PKey::EC.generate("prime256v1")
    cert = OpenSSL::X509::Certificate.new
    cert.version = 2
    cert.serial = OpenSSL::BN.rand(64)
    cert.subject = OpenSSL::X509::Name.parse(name)
    cert.issuer = (issuer || cert).subject
    cert.public_key = key
    cert.not_before = Time.now - 3600
    cert.not_after = Time.now + 86_400
    factory = OpenSSL::X509::ExtensionFactory.new(issuer || cert, cert)
    extensions.each { |id, value| cert.add_extension(factory.create_extension(id, value, true)) }
    cert.sign(issuer_key || key, OpenSSL::Digest.new("SHA256"))
    [key, cert]
  end
end
