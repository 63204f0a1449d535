# frozen_string_literal: true

require "open3"
require "tempfile"
require_relative "support/faulty_krayin"

RSpec.describe KrayinSync::Doctor do
  let(:krayin) { SimulatedKrayin.of("2.1.0") }
  let(:good) { SimulatedKrayin::TOKEN }
  let(:servers) { [] }

  # What fails is tried again at once: the pauses are the same as of any call.
  around do |example|
    KrayinSync.retry_base = 0
    example.run
    KrayinSync.retry_base = nil
  end

  after { servers.each(&:stop) }

  def doctor(url, token, *options)
    program = File.expand_path("../bin/krayin-sync", __dir__)
    Open3.capture2e({ "KRAYIN_API_TOKEN" => nil }, RbConfig.ruby, program, "doctor", "--url", url, *options,
                    stdin_data: "#{token}\n")
  end

  # What is not well: {code => severity}, and the findings by code.
  def look(url, token = good, **settings)
    @found = KrayinSync::Doctor.new(url, token, settings: settings).findings
    bad = @found.reject { |finding| finding.severity == "ok" }
    expect(@found.map(&:to_json_hash).to_s).not_to match(/specs0123456789abcdef|1\|wrong/)
    bad.each do |finding|
      expect(finding.advice).to be_a(String), finding.code if %w[warn fail].include?(finding.severity)
    end
    bad.to_h { |finding| [finding.code, finding.severity] }
  end

  def finding(code) = @found.find { |finding| finding.code == code }

  def behind(krayin = self.krayin, **options, &)
    FaultyKrayin.new(krayin, **options, &).tap { |server| servers << server }
  end

  def answer(...) = FaultyKrayin.answer(...)

  it "says how a good Krayin is" do
    output, status = doctor(krayin.url, good)
    expect(output).to match(/^ok    address   .*dialect rest_api$/)
    expect(output).to match(/^ok    pipeline  Default Pipeline \(1\), new leads begin at New \(1\)$/)
    expect(output).to match(/^ok    clock     /)
    expect(output).to end_with("Krayin can be connected.\n")
    expect(output).not_to include(SimulatedKrayin::TOKEN)
    expect(status).to be_success
  end

  it "says which yes/no attributes a write could set to no" do
    servers << (krayin = SimulatedKrayin.new("2.1.0"))
    flag = { code: "vip", name: "VIP", type: "boolean", entity_type: "persons", is_required: 0, is_unique: 0,
             quick_add: 0 }
    made = Net::HTTP.post(URI("#{krayin.url}/settings/attributes"), JSON.generate(flag),
                          "Authorization" => "Bearer #{SimulatedKrayin::TOKEN}", "Content-Type" => "application/json",
                          "Accept" => "application/json")
    expect([made.code, made.body]).to include("200")
    output, = doctor(krayin.url, SimulatedKrayin::TOKEN)
    expect(output).to match(/^note  server .*\(persons\.vip\): choose by on_yes_no/)
  end

  it "says what fails, and what would mend it" do
    blind = SimulatedKrayin.new("2.1.0", "--view-permission", "individual")
    port = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
    { [krayin.url, "1|wrong"] => /^FAIL  token .*\n +→ Create a new API token/,
      ["http://127.0.0.1:#{port}", "1|a"] => /^FAIL  address .*port #{port}\n +→ Check that Krayin is running/,
      ["http://crm.test", "1|a"] => /^FAIL  settings .*in the open/,
      [blind.url, SimulatedKrayin::TOKEN] => /^FAIL  user .*\n +→ Give the user global view permission/ }
      .each do |(url, token), line|
      output, status = doctor(url, token)
      expect(output).to match(line)
      expect(status.exitstatus).to eq(1)
    end
    expect(doctor(krayin.url, "x", "--token", "1|a").last.exitstatus).to eq(2)
  ensure
    blind&.stop
  end

  it "tells the throttle from the header alone" do
    servers << (free = SimulatedKrayin.new("2.1.0", "--no-rate-headers"))
    servers << (narrow = SimulatedKrayin.new("2.1.0", "--calls-a-minute", "90", throttle: true))
    expect(look(free.url)).to include("limit_unannounced" => "note")
    look(narrow.url)
    expect(finding("limit")).to have_attributes(message: start_with("90 requests a minute for the token's user"))
  end

  it "has a form for programs" do
    output, status = doctor(krayin.url, "1|wrong", "--json")
    told = JSON.parse(output)
    expect(told).to include("version" => 1, "url" => krayin.url, "status" => "fail", "exit_status" => 1)
    expect(told["findings"]).to all(include("severity", "code", "check", "message", "advice", "details"))
    expect(told["findings"].find { |found| found["severity"] == "fail" }).to include("code" => "token_refused")
    expect(status.exitstatus).to eq(1)
    expect(output).not_to match(/1\|wrong|\e\[/)
  end

  it "colours a terminal alone" do
    report = KrayinSync::Doctor.new(krayin.url, good).report
    expect(report.to_text).not_to include("\e[")
    expect(report.to_text(colour: true)).to include("\e[32mok   \e[0m address")
  end

  it "names a web server that drops the header Authorization" do
    dropping = behind { |_, head| head.gsub!(/^Authorization:.*\r\n/i, "") && nil }
    expect(look(dropping.url)).to include("token_refused" => "fail", "authorization_dropped" => "note")
    expect(finding("authorization_dropped").advice).to match(/CGIPassAuth.*fastcgi_param/)
    seeing = behind { |_, head| answer("403 Forbidden") unless head.match?(/^authorization:/i) }
    expect(look(seeing.url, "1|wrong")).to include("token_refused" => "fail").and(exclude("authorization_dropped"))
  end

  RSpec::Matchers.define_negated_matcher :exclude, :include

  it "names a password of the web server's own" do
    asking = behind { answer("401 Unauthorized", www_authenticate: 'Basic realm="x"') }
    expect(look(asking.url)).to include("web_server_password" => "fail")
  end

  it "names a document root that is not public/" do
    above = behind do |path, head|
      path.start_with?("/public/") ? head.sub!("/public/", "/") && nil : answer("404 Not Found", "<html>nginx</html>")
    end
    expect(look(above.url)).to include("document_root" => "fail")
    expect(finding("document_root").message).to include("/public")
  end

  it "names an API package that is absent or old, and what is no Krayin" do
    login = ->(path) { path == "/admin/login" && answer("200 OK", "<html>", set_cookie: "krayin_crm_session=x") }
    missing = '{"message": "The route could not be found."}'
    absent = behind(nil) { |path| login.call(path) || answer("404 Not Found", missing, type: "application/json") }
    expect(look(absent.url)).to include("api_package_missing" => "fail")
    old = behind do |path|
      login.call(path) || (path.include?("settings/types") && answer("404 Not Found", missing,
                                                                     type: "application/json")) ||
        nil
    end
    expect(look(old.url)).to include("api_package_old" => "fail")
    expect(finding("api_package_old").message).to include("settings/types")
    expect(look(behind(nil) { nil }.url)).to include("not_krayin" => "fail")
  end

  it "names maintenance, a proxy without a Krayin, and a page that comes instead" do
    { answer("503 Service Unavailable", "<html>Be right back") => "maintenance",
      answer("502 Bad Gateway", "<html>nginx") => "server_unavailable",
      answer("504 Gateway Timeout", "<html>nginx") => "server_unavailable",
      answer("200 OK", "<html><title>Hotel Wi-Fi</title>") => "page_before_krayin",
      answer("200 OK", "\u{feff}<!DOCTYPE html><p>Checking your browser") => "page_before_krayin" }.each do |page, code|
      expect(look(behind { page }.url)).to include(code => "fail")
    end
    expect(look(behind do
                  answer("200 OK", "<html><title>Hotel Wi-Fi</title>")
                end.url).keys).to include("page_before_krayin")
    expect(finding("page_before_krayin").message).to include("Hotel Wi-Fi")
  end

  # Krayin's login, for who asks for it.
  def login(path) = path == "/admin/login" && answer("200 OK", "<html>", set_cookie: "krayin_crm_session=x")

  it "tells a firewall from Krayin, and a Krayin that fails from a token that it refuses" do
    failing = answer("500 Error", '{"message": "Server Error"}', type: "application/json")
    challenge = answer("403 Forbidden", "<html><title>Just a moment...</title>", server: "cloudflare")
    {
      ->(_) { challenge } => "request_blocked", ->(_) { answer("451 No", "<html>") } => "request_blocked",
      ->(_) { answer("401 No", "<html>") } => "request_blocked",
      ->(path) { path.include?("types") && challenge } => "request_blocked",
      ->(_) { answer("429 Slow", "<html>", retry_after: "30") } => "requests_slowed",
      ->(_) { answer("401 No", "x", www_authenticate: "Negotiate") } => "web_server_password",
      ->(_) { failing } => "server_failed", ->(_) { answer("500 Error", "<html>") } => "server_failed",
      ->(path) { login(path) || failing } => "token_refused",
      ->(path) { path.include?("types") && failing } => "server_failed"
    }.each do |fault, code|
      expect(look(behind { |path| fault.call(path) || nil }.url)).to include(code => "fail")
    end
  end

  it "names an address that is a page's or a port's that speaks https, and answers of another form" do
    sent_to_https = "<html><title>400 The plain HTTP request was sent to HTTPS port</title>"
    plain = behind { answer("400 Bad Request", sent_to_https) }
    expect(look(plain.url)).to include("https_expected" => "fail")
    expect(finding("https_expected").advice).to include(plain.url.sub("http:", "https:"))
    there = behind { |path| login(path) || answer("404 No", "<html>") }
    %w[/admin /admin/login /admin/contacts/persons].each do |page|
      expect(look("#{there.url}#{page}")).to include("address_of_page" => "fail")
      expect(finding("address_of_page").advice).to include("#{there.url}.")
    end
    { "pipelines" => ['{"data": 5}', "api_package_odd"], "sources" => ["<html>", "page_before_krayin"] }
      .each do |list, (body, code)|
      odd = behind { |path| answer("200 OK", body, type: "application/json") if path.include?(list) }
      expect(look(odd.url)).to include(code => "fail")
    end
  end

  it "names only workflows that fire on what is written" do
    rows = [{ id: 1, entity_type: "persons", event: "contacts.person.create.after" },
            { id: 2, entity_type: "activities", event: "activity.create.after" },
            { id: 3, entity_type: "leads", event: "lead.delete.before" }, nil, 5]
    firing = behind do |path|
      answer("200 OK", JSON.generate(data: rows), type: "application/json") if path.include?("workflows")
    end
    expect(look(firing.url)).to include("workflow_fires" => "note")
    found = @found.select { |known| known.code == "workflow_fires" }
    expect(found.map { |known| known.details["workflow"] }).to eq([1, 2])
    expect(found.map(&:message)).to match([/one request more/, /workflow 2/])
    expect(found.map(&:advice)).to all(include("Settings, Workflows"))
  end

  it "does not name a workflow that does nothing but call this gem" do
    calls = ->(*ids) { ids.map { |id| { id: "trigger_webhook", value: id } } }
    workflow = { entity_type: "leads", event: "lead.update.after" }
    rows = [calls[4], calls["4"], calls[5], calls[4, 5], [], [*calls[4], { id: "add_tag", value: 1 }], [4], nil, "4"]
    workflows = rows.map.with_index(1) { |actions, id| { id:, actions:, **workflow } }
    webhooks = [{ id: 4, end_point: "https://desk.example/krayin_sync/webhooks/7-#{"a" * 64}" },
                { id: 5, end_point: "https://desk.example/hooks?to=/krayin_sync/webhooks/" }, nil, { id: 6 }]
    lists = { "workflows" => workflows, "webhooks" => webhooks }
    firing = behind do |path|
      list = lists[path[%r{/settings/(\w+)}, 1]]
      answer("200 OK", JSON.generate(data: list), type: "application/json") if list
    end
    look(firing.url)
    found = @found.select { |known| known.code == "workflow_fires" }
    expect(found.map { |known| known.details["workflow"] }).to eq([*3..9])
  end

  it "names a redirect and the address to use" do
    { "https://127.0.0.1/api/v1/get" => ["redirect_to_https", %r{https://127\.0\.0\.1\b}],
      "http://www.crm.test/api/v1/get" => ["redirect_to_host", %r{http://www\.crm\.test\b}],
      "/admin/login" => ["redirect_to_login", /login/], "/elsewhere" => ["redirect", /redirect/] }
      .each do |to, (code, advice)|
      [301, 302, 307, 308].each do |status|
        expect(look(behind { answer("#{status} Moved", location: to) }.url)).to include(code => "fail")
        expect(finding(code).advice).to match(advice)
      end
    end
  end

  it "names what is wrong with a certificate" do
    authority = FaultyKrayin.certificate(host: "An authority")
    { "certificate_expired" => { till: Time.now - 60, issuer: authority },
      "certificate_not_valid_yet" => { from: Time.now + 600, issuer: authority },
      "certificate_self_signed" => {},
      "certificate_incomplete" => { issuer: authority } }.each do |code, options|
      server = behind(tls: FaultyKrayin.tls(*FaultyKrayin.certificate(**options)), host: "localhost") { nil }
      expect(look(server.url)).to include(code => "fail")
    end
    plain = behind(host: "localhost") { nil }
    expect(look(plain.url.sub("http:", "https:"))).to include("no_tls" => "fail")
  end

  it "names a certificate that is for another name" do
    certificate, key = FaultyKrayin.certificate(host: "other.test")
    server = behind(tls: FaultyKrayin.tls(certificate, key), host: "localhost") { nil }
    file = Tempfile.new
    file.write(certificate.to_pem)
    file.close
    script = "puts KrayinSync::Doctor.new(*ARGV).report.to_json"
    output, = Child.run(script, server.url, good, env: { "SSL_CERT_FILE" => file.path })
    found = JSON.parse(output)["findings"].find { |finding| finding["severity"] == "fail" }
    expect(found).to include("code" => "certificate_wrong_host", "details" => include("names" => ["other.test"]))
  end

  it "names what keeps it from connecting" do
    expect(look("https://crm.invalid")).to include("name_unknown" => "fail")
    port = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
    expect(look("http://127.0.0.1:#{port}")).to include("connection_refused" => "fail")
    expect(look("https://10.1.2.3")).to include("address_private" => "fail")
    expect(look(behind { "" }.url, attempt_timeout: 1, deadline: 2)).to include("server_unavailable" => "fail")
    expect(look("crm")).to include("settings_wrong" => "fail")
    expect(look("https://m\u00fcnchen.invalid")).to include("name_unknown" => "fail")
    expect(finding("name_unknown").message).to include("xn--mnchen-3ya.invalid")
    output, status = doctor("https://crm\xff.test", good)
    expect([output, status.exitstatus]).to match([/\Akrayin-sync: /, 2])
    expect(look(krayin.url, "two words")).to include("settings_wrong" => "fail")
  end

  it "names a clock that is off, either way" do
    { -7200 => "ahead of", 7200 => "behind" }.each do |seconds, word|
      off = behind { |_, head| @head = head && nil }
      allow(off).to receive(:passed_on).and_wrap_original do |original, head|
        original.call(head).gsub(/^date:.*\r\n/i, "").sub("\r\n", "\r\nDate: #{(Time.now + seconds).httpdate}\r\n")
      end
      expect(look(off.url)).to include("clock_off" => "warn")
      expect(finding("clock_off").message).to match(/7[12]\d\d s #{word}/)
    end
    expect(KrayinSync::Doctor.new(servers.last.url, good).report.exit_status).to eq(3)
  end

  it "names sources, types, attributes and workflows that matter" do
    attributes = [{ entity_type: "leads", code: "region", type: "text", is_required: 1 },
                  { entity_type: "persons", code: "vip", type: "boolean", is_required: 0 },
                  { entity_type: "products", code: "sku", type: "boolean", is_required: 1 }]
    lists = { "sources" => [], "types" => [], "attributes" => attributes,
              "workflows" => [{ id: 7, name: "Jane's", entity_type: "leads", event: "lead.create.after" },
                              { id: 8, entity_type: "quotes", event: "quote.create.after" }] }
    odd = behind do |path|
      list = lists[path[%r{/settings/(\w+)}, 1]]
      answer("200 OK", JSON.generate(data: list), type: "application/json") if list
    end
    expect(look(odd.url)).to include("source_missing" => "warn", "type_missing" => "warn",
                                     "attribute_required" => "warn",
                                     "yes_no_attributes" => "note", "workflow_fires" => "note")
    expect(finding("attribute_required").details).to include("attribute" => "leads.region")
    expect(finding("yes_no_attributes").details).to eq("attributes" => ["persons.vip"])
    expect(finding("workflow_fires").details).to include("workflow" => 7)
    expect(look(odd.url, on_yes_no: "write_anyway")).to include("yes_no_attributes" => "warn")
    expect(look(odd.url, lead_source_id: 99)).to include("place_unknown" => "warn")
    lists.merge!("pipelines" => [])
    expect(look(odd.url)).to include("pipeline_missing" => "fail")
  end

  it "writes nothing" do
    expect(krayin.requests { look(krayin.url) }).to all(start_with("GET "))
  end
end
