# frozen_string_literal: true

require "yaml"

RSpec.describe "lib/krayin_sync/doctor/words.yml" do
  let(:table) { YAML.safe_load_file(File.expand_path("../lib/krayin_sync/doctor/words.yml", __dir__), aliases: true) }
  let(:source) do
    Dir[File.expand_path("../lib/krayin_sync/doctor{.rb,/*.rb}", __dir__)].sum("") { |path| File.read(path) }
  end

  def placeholders(texts) = texts.join(" ").scan(/%\{(\w+)\}/).flatten.uniq.sort

  it "says each thing in three languages, with the same details" do
    table.each do |key, said|
      expect(said.keys).to eq(%w[en pt es]), key
      expect(said.values.map(&:size).uniq.size).to eq(1), key
      expect(said.values.map { |texts| placeholders(texts) }.uniq.size).to eq(1), key
      expect(said.values.map(&:first).uniq.size).to be >= 2, key unless said["en"].first.match?(/\A%\{\w+\}\z/)
    end
  end

  it "says what to do of all that is not well, and nothing that nobody says" do
    table.each do |key, said|
      name = key.sub(/(?:_form|_apache|_nginx|_titled|_persons)\z/, "")
      expect(source).to match(/"(?:#{key}|#{name})"|:#{key}\b|_missing|#{key.sub(/_(?:missing|refused)\z/, "_")}/), key
      next unless said["en"].size == 2

      expect(said.values.map(&:last)).to all(end_with(".").or(end_with("…"))), key
    end
    codes = source.scan(/(?:fail|warn|note)\("(\w+)"/).flatten.uniq
    expect(codes.size).to be > 20
  end

  it "is said in the installation's language, or the hook's" do
    krayin = SimulatedKrayin.of("2.1.0")
    doctor = ->(**settings) { KrayinSync::Doctor.new(krayin.url, "1|wrong", settings: settings) }
    refused = ->(found) { found.findings.find { |finding| finding.code == "token_refused" }.message }
    expect(refused.call(doctor.call)).to start_with("Krayin refuses the token")
    expect(refused.call(doctor.call(language: "pt_BR"))).to start_with("o Krayin recusa o token")
    KrayinSync.language = "es"
    expect(refused.call(doctor.call)).to start_with("Krayin rechaza el token")
    expect(doctor.call.report.to_text).to end_with("Krayin no se puede conectar así.\n")
    expect(doctor.call(language: "de").findings.map(&:message).join).to include("refuses the token")
  ensure
    KrayinSync.language = nil
  end
end
