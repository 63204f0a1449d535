# frozen_string_literal: true

require "open3"
require "tmpdir"
require_relative "support/configured"
require_relative "support/faulty_krayin"
require_relative "support/tunnel_proxy"

# The doctor goes the way that requests go: over real sockets, with real TLS, through a real proxy.
RSpec.describe KrayinSync::Doctor do
  include Configured

  let(:krayin) { SimulatedKrayin.of("2.1.0") }
  let(:authority) { FaultyKrayin.certificate(host: "An authority") }
  let(:folder) { Dir.mktmpdir }
  let(:servers) { [] }

  # What fails is tried again at once: the pauses are the same as of any call.
  around do |example|
    KrayinSync.retry_base = 0
    example.run
    KrayinSync.retry_base = nil
  end

  after do
    servers.each(&:stop)
    FileUtils.rm_rf(folder)
  end

  def pem(name, *parts) = "#{folder}/#{name}.pem".tap { |path| File.write(path, parts.map(&:to_pem).join) }

  def kept(server) = server.tap { servers << server }

  # A Krayin behind https.
  def secure(certificate, key, chain: [], server_of: krayin, &fault)
    context = FaultyKrayin.tls(certificate, key)
    context.extra_chain_cert = chain if chain.any?
    @context = context
    kept(FaultyKrayin.new(server_of, tls: context, host: "localhost", &(fault || ->(*) {})))
  end

  def signed(by = authority, **options) = FaultyKrayin.certificate(issuer: by, **options)

  def look(url, token = SimulatedKrayin::TOKEN, **settings)
    @report = described_class.new(url, token, settings: { attempt_timeout: 5, deadline: 8, **settings }).report
    expect(@report.to_json + @report.to_text).not_to match(/secretword|specs0123456789/)
    @report.findings.select { |finding| finding.severity == "fail" }.map(&:code)
  end

  def message = @report.findings.find { |finding| finding.severity == "fail" }.message

  describe "an authority of one's own" do
    it "is trusted by ca_file and by ca_path, and missed without" do
      server = secure(*signed)
      expect(look(server.url)).to eq(["certificate_incomplete"])
      pem("authority", authority.first)
      [{ ca_file: "#{folder}/authority.pem" }, { ca_path: folder }].each do |options|
        expect(with(**options) { look(server.url) }).to eq([]), options.inspect
        expect(@report.exit_status).to eq(0)
      end
    end

    it "is used to look at the pages that take no token, and at certificates" do
      login = lambda do |path, *|
        next FaultyKrayin.answer("200 OK", "<html>", set_cookie: "krayin_crm_session=x") if path == "/admin/login"

        FaultyKrayin.answer("404 Not Found", '{"message": "x"}', type: "application/json")
      end
      with(ca_file: pem("authority", authority.first)) do
        expect(look(secure(*signed, &login).url)).to eq(["api_package_missing"])
        expect(look(secure(*signed(till: Time.now - 86_400)).url)).to eq(["certificate_expired"])
        expect(message).to include((Time.now - 86_400).utc.strftime("%Y-%m-%d"))
        expect(look(secure(*signed(from: Time.now + 86_400)).url)).to eq(["certificate_not_valid_yet"])
        expect(look(secure(*signed(host: "other.test")).url)).to eq(["certificate_wrong_host"])
        expect(message).to include("other.test")
        expect(look(secure(*FaultyKrayin.certificate).url)).to eq(["certificate_self_signed"])
      end
    end

    it "tells a chain that is not whole from one that is" do
      between = FaultyKrayin.certificate(host: "Between", issuer: authority, signs: true)
      leaf = signed(between)
      with(ca_file: pem("authority", authority.first)) do
        expect(look(secure(*leaf).url)).to eq(["certificate_incomplete"])
        expect(look(secure(*leaf, chain: [between.first]).url)).to eq([])
      end
    end
  end

  it "is told of files by the command, and names one that cannot be used" do
    server = secure(*signed)
    program = [RbConfig.ruby, File.expand_path("../bin/krayin-sync", __dir__), "doctor", "--url", server.url]
    run = lambda do |*options|
      Open3.capture2e({ "KRAYIN_API_TOKEN" => SimulatedKrayin::TOKEN }, *program, *options, stdin_data: "")
    end
    output, status = run.call("--ca-file", pem("authority", authority.first))
    expect([output.lines.last, status.exitstatus]).to eq(["Krayin can be connected.\n", 0])
    output, status = run.call("--ca-file", "#{folder}/nowhere.pem")
    expect([output, status.exitstatus]).to match([/ca_file names a file that is not there/, 2])
    output, status = run.call("--language", "es")
    expect([output, status.exitstatus]).to match([/no se puede conectar así/, 1])
  end

  it "names a web server whose TLS is too old" do
    server = secure(*signed)
    @context.security_level = 0
    @context.min_version = OpenSSL::SSL::TLS1_VERSION
    @context.max_version = OpenSSL::SSL::TLS1_1_VERSION
    with(ca_file: pem("authority", authority.first)) { expect(look(server.url)).to eq(["tls_too_old"]) }
    expect(message).to include("TLSv1.1")
    server = secure(*signed)
    @context.max_version = OpenSSL::SSL::TLS1_2_VERSION
    @context.ciphers = "AES256-SHA"
    with(ca_file: pem("authority", authority.first)) { expect(look(server.url)).to eq(["tls_ciphers_old"]) }
    expect(message).to include("AES256-SHA")
  end

  describe "a client certificate" do
    let(:client) { FaultyKrayin.certificate(host: "chatwoot", issuer: authority) }

    def asking(version)
      server = secure(*signed)
      @context.verify_mode = OpenSSL::SSL::VERIFY_PEER | OpenSSL::SSL::VERIFY_FAIL_IF_NO_PEER_CERT
      @context.cert_store = OpenSSL::X509::Store.new.add_cert(authority.first)
      @context.min_version = @context.max_version = version
      @context.session_id_context = "krayin"
      server
    end

    [OpenSSL::SSL::TLS1_2_VERSION, OpenSSL::SSL::TLS1_3_VERSION].each do |version|
      it "is shown where it is known, and named where it is missing or another's (#{version})" do
        stranger = FaultyKrayin.certificate(host: "chatwoot", issuer: FaultyKrayin.certificate(host: "Nobody"))
        files = lambda do |name, (certificate, key)|
          { client_certificate: pem("#{name}-certificate", certificate), client_key: pem("#{name}-key", key) }
        end
        with(ca_file: pem("authority", authority.first)) do
          expect(look(asking(version).url)).to eq(["client_certificate_missing"])
          expect(with(**files.call("right", client)) { look(asking(version).url) }).to eq([])
          expect(with(**files.call("wrong", stranger)) { look(asking(version).url) })
            .to eq(["client_certificate_refused"])
        end
      end
    end

    it "is named where nginx says in a page that it is missing" do
      page = "<html><title>400 No required SSL certificate was sent</title>"
      server = secure(*signed) { FaultyKrayin.answer("400 Bad Request", page) }
      with(ca_file: pem("authority", authority.first)) do
        expect(look(server.url)).to eq(["client_certificate_missing"])
      end
    end
  end

  describe "a proxy" do
    def proxy(...) = kept(TunnelProxy.new(...))

    it "is gone through with its user and password, for calls, pages and certificates alike" do
      way = proxy(user: "bridge:secretword%40home")
      good = secure(*signed)
      missing = secure(*signed, server_of: nil) do |path, *|
        FaultyKrayin.answer("200 OK", "<html>", set_cookie: "krayin_crm_session=x") if path == "/admin/login"
      end
      old = secure(*signed(till: Time.now - 60))
      with(proxy: way.url, no_proxy: "", ca_file: pem("authority", authority.first)) do
        expect(look(good.url)).to eq([])
        expect(look(missing.url)).to eq(["api_package_missing"])
        expect(look(old.url)).to eq(["certificate_expired"])
        expect(look(good.url, "1|wrong")).to eq(["token_refused"])
        expect(look(krayin.url)).to eq([])
      end
      ports = [good, missing, old].map { |server| URI(server.url).port }
      expect(way.asked).to include(*ports.map { |port| "CONNECT localhost:#{port}" })
      expect(way.asked.grep(%r{GET http://127\.0\.0\.1:\d+/api/v1/get})).not_to be_empty
      expect([good, missing].map { |server| server.paths.size }).to all(be > 0)
    end

    it "may be spoken to by TLS, and its certificate is looked at" do
      certificate, key = signed
      good = secure(*signed)
      way = proxy(tls: FaultyKrayin.tls(certificate, key), user: "bridge:secretword")
      ca = pem("authority", authority.first)
      with(proxy: way.url, no_proxy: "", ca_file: ca) do
        expect(look(good.url)).to eq([])
        expect(look(secure(*signed(till: Time.now - 60)).url)).to eq(["certificate_expired"])
      end
      with(proxy: way.url, no_proxy: "") { expect(look(good.url)).to eq(["proxy_certificate"]) }
    end

    it "is named where it is what fails" do
      good = secure(*signed)
      closed = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
      ca = pem("authority", authority.first)
      {
        proxy(user: "bridge:right").url("bridge:secretword") => "proxy_password",
        proxy(refusal: "403 Forbidden").url => "proxy_does_not_connect",
        "http://bridge:secretword@localhost:#{closed}" => "proxy_unreachable",
        "http://bridge:secretword@proxy.invalid:3128" => "proxy_unreachable"
      }.each do |address, code|
        with(proxy: address, no_proxy: "", ca_file: ca) do
          expect(look(good.url)).to eq([code])
          expect(message).to match(/(?:localhost|proxy\.invalid):\d+/)
        end
      end
      with(proxy: proxy(user: "a:b").url("a:secretword"), no_proxy: "") do
        expect(look(krayin.url)).to eq(["proxy_password"])
      end
      with(proxy: "http://localhost:#{closed}", no_proxy: "") { expect(look(krayin.url)).to eq(["proxy_unreachable"]) }
      with(proxy: proxy.url, no_proxy: "", ca_file: ca) do
        expect(look("https://localhost:#{closed}")).to eq(["proxy_does_not_connect"])
      end
    end

    it "is not gone through to what no_proxy names" do
      closed = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
      good = secure(*signed)
      with(proxy: "http://localhost:#{closed}", no_proxy: "localhost", ca_file: pem("authority", authority.first)) do
        expect(look(good.url)).to eq([])
        expect(look(secure(*signed(till: Time.now - 60)).url)).to eq(["certificate_expired"])
      end
    end

    it "does not let anybody past the address guard" do
      way = proxy
      with(proxy: way.url, no_proxy: "") do
        expect(look("https://10.1.2.3")).to eq(["address_private"])
        expect(look("https://crm.invalid")).to eq(["host_unknown_here"])
      end
      expect(way.asked).to eq([])
    end
  end
end
