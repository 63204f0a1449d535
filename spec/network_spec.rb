# frozen_string_literal: true

require "openssl"
require "tmpdir"
require_relative "support/configured"

RSpec.describe KrayinSync::Network do
  include Configured

  let(:configuration) { KrayinSync::Configuration.new }
  let(:krayin) { SimulatedKrayin.of("2.1.0") }

  def with_environment(values)
    names = %w[http_proxy https_proxy all_proxy no_proxy REQUEST_METHOD]
    before = ENV.to_h.slice(*names, *names.map(&:upcase))
    (names + names.map(&:upcase)).each { |name| ENV.delete(name) }
    ENV.update(values)
    yield
  ensure
    values.each_key { |name| ENV.delete(name) }
    ENV.update(before)
  end

  def proxy(url) = described_class.settings(url, configuration)["proxy"]

  it "goes by the environment's proxy, as others do" do
    table = [
      [{ "HTTPS_PROXY" => "http://p:3128" }, "https://crm.example.com", "http://p:3128"],
      [{ "https_proxy" => "p:3128" }, "https://crm.example.com", "http://p:3128"],
      [{ "ALL_PROXY" => "http://p" }, "https://crm.example.com", "http://p"],
      [{ "HTTPS_PROXY" => "http://p" }, "http://crm.example.com", nil],
      [{ "HTTP_PROXY" => "http://p" }, "http://crm.example.com", "http://p"],
      [{ "HTTP_PROXY" => "http://evil", "REQUEST_METHOD" => "GET" }, "http://crm.example.com", nil],
      [{ "HTTPS_PROXY" => "" }, "https://crm.example.com", nil],
      [{ "HTTPS_PROXY" => "http://p" }, "https://localhost", nil],
      [{ "HTTPS_PROXY" => "http://p" }, "https://127.0.0.1:8000", nil],
      [{ "HTTPS_PROXY" => "http://p" }, "https://[::1]:8000", nil],
      [{ "HTTPS_PROXY" => "http://p" }, " https://m\u00fcnchen.example ", "http://p"],
      [{ "HTTPS_PROXY" => "http://p", "NO_PROXY" => "xn--mnchen-3ya.example" }, "https://m\u00fcnchen.example", nil],
      [{}, "https://crm.example.com", nil],
      [{ "HTTPS_PROXY" => "http://p" }, "no address", nil]
    ]
    table.each do |environment, url, expected|
      with_environment(environment) { expect(proxy(url)).to eq(expected), [environment, url].inspect }
    end
  end

  it "leaves out what no_proxy names" do
    table = [
      ["crm.example.com", true], ["example.com", true], [".example.com", true], ["*.example.com", true],
      ["EXAMPLE.com", true], ["xample.com", false], ["other.com, example.com", true], ["*", true], ["", false],
      ["crm.example.com:443", true], ["crm.example.com:8443", false], ["10.0.0.0/8", false], ["[::1]", false]
    ]
    table.each do |list, left_out|
      with_environment("HTTPS_PROXY" => "http://p", "NO_PROXY" => list) do
        expect(proxy("https://crm.example.com").nil?).to eq(left_out), list
      end
    end
    configuration.proxy = "http://p"
    { "10.0.0.0/8" => true, "10.0.0.5" => true, "10.0.1.0/24" => false, "fd00::/8" => false }.each do |range, left_out|
      configuration.no_proxy = [range]
      expect(proxy("https://10.0.0.5").nil?).to eq(left_out), range
    end
    configuration.no_proxy = "fd00::/8"
    expect(proxy("https://[fd00::5]/api/v1")).to be_nil
  end

  it "goes by what the installation says before the environment, and by none where it says so" do
    with_environment("HTTPS_PROXY" => "http://theirs", "NO_PROXY" => "*") do
      configuration.proxy = "http://ours"
      configuration.no_proxy = ""
      expect(proxy("https://crm.example.com")).to eq("http://ours")
      expect(proxy("https://localhost")).to eq("http://ours")
      configuration.proxy = false
      expect(proxy("https://crm.example.com")).to be_nil
    end
  end

  it "names what cannot be used, when it is configured" do
    Dir.mktmpdir do |folder|
      text = "#{folder}/secret.txt"
      File.write(text, "no certificate")
      key = "#{folder}/key.pem"
      File.write(key, OpenSSL::PKey::RSA.new(2048).to_pem)
      table = {
        { ca_file: "#{folder}/nowhere" } => /ca_file names a file that is not there/,
        { ca_file: text } => /ca_file holds no certificate in PEM/,
        { ca_file: folder } => /ca_file names what cannot be read as a file/,
        { ca_path: "#{folder}/nowhere" } => /ca_path names a folder that is not there/,
        { ca_path: folder } => /ca_path holds no certificate/,
        { client_key: key } => /client_certificate is missing/,
        { client_certificate: text } => /client_key is missing/,
        { client_certificate: text, client_key: key } => /client_certificate holds no certificate/,
        { proxy: "socks5://p:1080" } => /proxy .*must be an address such as http/,
        { proxy: "http://" } => /proxy .*must be an address/
      }
      table.each do |options, message|
        configure = lambda do
          KrayinSync.configure { |config| options.each { |name, value| config.public_send(:"#{name}=", value) } }
        end
        expect(&configure).to raise_error(KrayinSync::ConfigurationError, message)
      ensure
        options.each_key { |name| KrayinSync.public_send(:"#{name}=", nil) }
      end
    end
  end

  it "sends by the proxy, and tells none of its password" do
    heads = Queue.new
    proxy = RawServer.new do |head|
      heads << head
      "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    end
    address = proxy.url.delete_suffix("/api/v1").sub("//", "//user:secretword@")
    with(proxy: address, no_proxy: "", retry_base: 0) do
      client = KrayinSync::Api::BaseClient.new(krayin.url, SimulatedKrayin::TOKEN)
      expect { client.get("get") }.to raise_error(KrayinSync::UnavailableError) { |error|
        expect(error.message).to include("the proxy wants another user or password")
        expect(error.executed).to eq(:no)
        expect([error.message, error.inspect, client.session.inspect].join).not_to include("secretword")
      }
      expect(heads.pop).to start_with("GET #{krayin.url}/get HTTP/1.1").and(match(/proxy-authorization: Basic/i))
    end
    expect(KrayinSync::Api::BaseClient.new(krayin.url, SimulatedKrayin::TOKEN).get("get")["data"]).to include("id" => 2)
  ensure
    proxy&.stop
  end

  it "lets no hook choose a proxy or a file" do
    hook = { proxy: "http://127.0.0.1:1", ca_file: "/etc/passwd", client_key: "/etc/passwd", allow_loopback: true }
    client = KrayinSync::Api::BaseClient.new(krayin.url, SimulatedKrayin::TOKEN, **hook)
    expect(client.get("get")["data"]).to include("id" => 2)
    with(allow_loopback: false) do
      expect { KrayinSync::Api::BaseClient.new(krayin.url, SimulatedKrayin::TOKEN, **hook) }
        .to raise_error(KrayinSync::ConfigurationError, /private address/)
    end
  end

  it "takes this machine in plain words alone, and in Rails' production only where it is named" do
    port = krayin.url[/:(\d+)/, 1]
    odd = %w[127.1 0x7f.1 0177.0.0.1 2130706433 [::ffff:127.0.0.1] [::ffff:7f00:1] 127.0.0.1.]
    odd.each do |host|
      expect { KrayinSync::Api::BaseClient.new("http://#{host}:#{port}", "1|a") }
        .to raise_error(KrayinSync::ConfigurationError, /private address|in the open/), host
    end
    rails = 'module Rails; def self.env = ARGV[0]; end; require "krayin_sync"; print KrayinSync.allow_loopback'
    found = %w[production staging development test].map do |env|
      Open3.capture2e(RbConfig.ruby, "-W0", "-I", Child::LIB, "-e", rails, env, stdin_data: "")[0]
    end
    expect(found).to eq(%w[false false true true])
    with(allow_loopback: false, allowed_hosts: ["127.0.0.1"]) do
      client = KrayinSync::Api::BaseClient.new(krayin.url, SimulatedKrayin::TOKEN)
      expect(client.get("get")["data"]).to include("id" => 2)
      expect(client.session).to be_inside
    end
    expect(KrayinSync::Api::BaseClient.new("https://crm.example.com", "1|a").session).not_to be_inside
  end

  it "tells no administrator which ports of an inner address are open" do
    %w[connection_failure hook_settings].each do |name|
      load File.expand_path("../app/models/krayin_sync/chatwoot/#{name}.rb", __dir__)
    end
    closed = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
    answers = ["HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", "SSH-2.0-OpenSSH_9\r\n", nil,
               "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}",
               "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n",
               "HTTP/1.1 403 Forbidden\r\nContent-Length: 15\r\n\r\n{\"error\": \"no\"}",
               "HTTP/1.1 401 Unauthorized\r\nContent-Length: 28\r\n\r\n{\"message\": \"no\", \"code\": 7}"]
    servers = answers.map { |answer| RawServer.new { answer } }
    urls = servers.map(&:url) + ["http://127.0.0.1:#{closed}/api/v1", servers[0].url.sub("http:", "https:")]
    inner = ->(url) { { "api_url" => url, "api_token" => "1|a", "deadline" => 1, "attempt_timeout" => 0.2 } }
    told = lambda do |error, settings|
      failure = KrayinSync::Chatwoot::ConnectionFailure.new(error, settings)
      [failure.sentence, failure.field, failure.passing?]
    end
    not_checked = [KrayinSync::Reason.new("not_checked").sentence("en"), "api_url", true]
    all = with(allow_loopback: false, allowed_hosts: ["127.0.0.1"], retry_base: 0) do
      urls.map { |url| told.call(failure_of(KrayinSync::Session.new(inner.call(url))), inner.call(url)) }
    end
    expect(all.uniq).to eq([not_checked])
    krayins = ["401 Unauthorized", "admin::app.common.unauthenticated", "Não autenticado."].map do |words|
      KrayinSync::Response.new(401, {}, JSON.generate(message: words))
    end
    with(allow_loopback: false, allowed_hosts: ["127.0.0.1"]) do
      krayins.map { |answer| KrayinSync::AuthenticationError.new("m", 401, answer) }.each do |refused|
        expect(told.call(refused, inner.call(urls.first))).to eq([refused.reason.sentence("en"), "api_token", false])
      end
      foreign = KrayinSync::UnexpectedResponseError.new("m")
      expect(told.call(foreign, inner.call(urls.first))).to eq(not_checked)
      expect(told.call(foreign, inner.call("https://crm.example.com")))
        .to eq([foreign.reason.sentence("en"), "api_url", false])
    end
  ensure
    servers&.each(&:stop)
  end

  def failure_of(session)
    session.call(:connect)
  rescue KrayinSync::Error => e
    e
  end
end
