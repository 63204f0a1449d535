# frozen_string_literal: true

require "krayin_sync/chatwoot/pages"

RSpec.describe "The files of the pages" do
  folder = File.expand_path("../lib/krayin_sync/pages", __dir__)
  files = Dir.glob("**/*", base: folder).select { |name| File.file?(File.join(folder, name)) }
  languages = %w[en pt es]

  let(:pages) { KrayinSync::Chatwoot::Pages }

  def get(path) = pages.call("PATH_INFO" => path)
  def words(language) = JSON.parse(get("/krayin_sync/pages/words/#{language}.json")[2].join)

  it "are there, each with a policy that lets nothing run or come that is not theirs" do
    expect(files.size).to be > 10
    pages = { "index.html" => "/krayin_sync", "panel.html" => "/krayin_sync/panel" }
    addresses = files.map { |name| pages.fetch(name, "/krayin_sync/pages/#{name}") }
    [*addresses, "/krayin_sync/"].each do |address|
      status, headers, = get(address)
      expect([status, headers["x-content-type-options"], headers["cache-control"]]).to eq([200, "nosniff", "no-store"])
      policy = headers["content-security-policy"].split("; ").to_h { |part| part.split(" ", 2) }
      expect(policy).to include("default-src" => "'none'", "script-src" => "'self'", "style-src" => "'self'",
                                "connect-src" => "'self'", "base-uri" => "'none'", "form-action" => "'none'")
    end
  end

  it "are all that is served" do
    ["/krayin_sync/pages/../chatwoot/pages.rb", "/krayin_sync/pages/%2e%2e/native.rb", "/krayin_sync/pages/index.html",
     "/krayin_sync/pages/panel.html", "/krayin_sync/pages", "/krayin_sync/metrics", "", "/", nil].each do |address|
      expect(get(address).first).to eq(404), address.inspect
    end
  end

  it "hold no markup of what others wrote, no inline script and no address of elsewhere" do
    files.each do |name|
      text = File.read(File.join(folder, name))
      expect(text).not_to match(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/), name
      expect(text).not_to match(%r{["'(]https?://|["'(]//\w}), name
      expect(text).not_to match(/\son\w+\s*=|style\s*=\s*"|<style|javascript:/), name if name.end_with?(".html")
      expect(text.scan(/<script[^>]*>[^<]+/)).to eq([])
    end
  end

  it "say the same in three languages, all that is asked for and nothing else" do
    keys = languages.map { |language| words(language).keys.sort }
    expect(keys.uniq.size).to eq(1)
    english = words("en")
    languages.each do |language|
      words(language).each do |key, said|
        expect(said.strip).not_to be_empty
        next if key.end_with?("_one")

        expect(said.scan(/\{\w+\}/).sort).to eq(english[key].scan(/\{\w+\}/).sort), "#{language} #{key}"
      end
    end
    scripts = files.grep(/\.js\z/).map { |name| File.read(File.join(folder, name)) }.join
    asked = scripts.scan(/say\("(\w+)"/).flatten.uniq
    begun = scripts.scan(/`(\w+_)\$\{/).flatten.uniq
    expect(asked - english.keys).to eq([])
    unused = english.keys.map { |key| key.delete_suffix("_one") }.uniq.reject do |key|
      scripts.include?(%("#{key}")) || begun.any? { |start| key.start_with?(start) }
    end
    expect(unused).to eq([])
  end
end
