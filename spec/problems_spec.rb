# frozen_string_literal: true

# What is wrong with settings, and what happened at an attempt, is told by codes, and in the languages of people.
RSpec.describe "Problems and details" do
  def problems_of
    yield
    []
  rescue KrayinSync::ConfigurationError => e
    @error = e
    e.problems.map(&:code)
  end

  def sentences(reason) = %w[en pt_BR es].map { |locale| reason.sentence(locale) }

  def client(url = "https://crm.example.com", token = "1|a", **settings)
    KrayinSync::Api::BaseClient.new(url, token, **settings)
  end

  it "names each problem of the settings by a code" do
    {
      ["crm", "1|a", {}] => %w[address_wrong], ["ftp://crm.test", "1|a", {}] => %w[address_without_host],
      ["https://a:secretword@crm.test", "1|a", {}] => %w[address_with_more],
      ["http://crm.test", "1|a", {}] => %w[address_in_the_open], ["https://10.0.0.1", "1|a", {}] => %w[address_private],
      ["https://169.254.169.254", "1|a", {}] => %w[address_private],
      ["https://crm.test", "two secretword", {}] => %w[token_wrong], ["https://crm.test", "", {}] => %w[token_missing],
      ["", "1|a", {}] => %w[address_missing],
      ["https://crm.test", "1|a", { lead_type_id: "secretword", sync_messages: [], lead_policy: "secretword" }] =>
        %w[value_wrong value_wrong value_wrong],
      ["https://crm.test", "1|a", { lead_policy: "on_label" }] => %w[list_missing],
      ["https://crm.test", "1|a", { field_mapping: "lead.a = b, lead.a = c" }] => %w[mapped_twice],
      ["https://crm.test", "1|a", { field_mapping: "secretword" }] => %w[value_wrong]
    }.each do |(url, token, settings), codes|
      expect(problems_of { client(url, token, **settings) }).to match_array(codes), [url, token, settings].inspect
      expect(@error.reason.code).to eq("settings_wrong")
      expect(@error.reason.sentence("en")).to eq(@error.message)
      expect(sentences(@error.reason).uniq.size).to eq(3)
      expect(@error.problems.map { |problem| sentences(problem).uniq.size }).to all(be >= 2)
      expect([@error.message, *sentences(@error.reason)].join).not_to include("secretword")
    end
  end

  it "names what the gem itself is given wrongly by a code" do
    table = {
      "not_an_object" => -> { KrayinSync::Session.new(5) },
      "hook_missing" => -> { KrayinSync::ProcessorService.new(event_name: "contact.created", event_data: {}) },
      "metrics_token_short" => -> { KrayinSync::Metrics::Endpoint.new(token: "short") },
      "headers_wrong" => -> { KrayinSync::Headers.of(5, {}) },
      "header_name_wrong" => -> { KrayinSync::Headers.of({ "a b" => "c" }, {}) },
      "header_reserved" => -> { KrayinSync::Headers.of({ "AUTHORIZATION" => "c" }, {}) },
      "header_value_wrong" => -> { KrayinSync::Headers.of({ "X-A" => "c\r\nX-B: d" }, {}) }
    }
    table.each do |code, work|
      expect(problems_of(&work)).to eq([code])
      expect(sentences(@error.problems.first).uniq.size).to eq(3)
      expect(@error.message).to end_with(".")
    end
  end

  it "is kept with a link and said again" do
    problems_of { client("https://10.0.0.1") }
    kept = JSON.parse(JSON.generate(@error.reason.to_h))
    expect(kept).to eq("code" => "settings_wrong", "params" => { "problems" => [{ "code" => "address_private" }] })
    expect(KrayinSync::Reason.of(kept).sentence("es")).to start_with("Los ajustes de Krayin no se pueden usar: api_url")
    expect(KrayinSync::Reason.of("code" => "settings_wrong", "params" => {}).sentence("en"))
      .to eq("The Krayin settings cannot be used.")
  end

  it "tells what happened at an attempt by a code" do
    port = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
    page = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>"
    servers = [page, "HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", ""].map do |answer|
      RawServer.new { answer }
    end
    KrayinSync.retry_base = 0
    urls = { "http://127.0.0.1:#{port}" => "no_connection", servers[0].url => "web_page",
             servers[1].url => "redirected", servers[2].url => "connection_broke" }
    urls.each do |url, code|
      expect { client(url).get("get") }.to raise_error(KrayinSync::ApiError) { |error|
        expect(error.detail.code).to eq(code)
        expect(error.message).to include(error.detail.sentence("en").downcase.delete_suffix(".")[1..20])
        expect(sentences(error.detail).uniq.size).to eq(3)
      }
    end
    expect(KrayinSync::ApiError.new("x").detail).to be_nil
  ensure
    KrayinSync.retry_base = nil
    servers&.each(&:stop)
  end

  it "warns of what is not there in the language of the hook, and by codes" do
    krayin = SimulatedKrayin.of("2.1.0")
    { nil => /\AKrayin has no source "99"\. Enter one of these/, "pt" => /\AO Krayin não tem a origem "99"/,
      "es" => /\AKrayin no tiene el origen "99"/ }.each do |language, sentence|
      settings = { "lead_source_id" => 99, "language" => language }.compact
      setup = KrayinSync::SetupService.new(hook: Struct.new(:settings).new(settings), api_url: krayin.url,
                                           api_token: SimulatedKrayin::TOKEN, cache: nil)
      setup.perform
      expect(setup.warning_reasons.map(&:code)).to eq(["place_unknown"])
      expect(setup.warning_reasons.first.params).to include("place" => "source", "entered" => "99")
      expect(setup.warnings).to match([sentence])
    end
  end
end
