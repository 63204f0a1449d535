# frozen_string_literal: true

require "rake"
require "webmock"

# Each Ruby block of README and docs/ runs, with a simulated Krayin where it names one, and gives what its comments say.
RSpec.describe "README.md and docs/" do
  include WebMock::API

  root = File.expand_path("..", __dir__)
  documents = ["README.md", *Dir.glob("docs/**/*.md", base: root)]
  blocks = documents.flat_map do |document|
    File.read(File.join(root, document)).scan(/^```ruby\n(.*?)^```$/m).flatten.map { |block| [document, block] }
  end

  # Code, and what the comment after it says of its value: [["1 + 1", "2"], ["puts", nil]]
  def steps(block)
    lines = block.lines.slice_when { |before, after| before.include?("# =>") && !after.match?(/\A#  /) }
    lines.chunk_while { |_, after| after.first.match?(/\A#  /) }.map(&:flatten).map do |step|
      code, told = step.join.split("# =>", 2)
      [code, told&.gsub(/^#/, "")]
    end
  end

  def run(block)
    scope = binding
    steps(block).each do |code, told|
      value = scope.eval(code)
      expect(value).to eq(scope.eval(told)), "#{code}is #{value.inspect}" if told
    end
  end

  before do
    krayin = SimulatedKrayin.new("2.1.0")
    @krayin = krayin
    @given = [KrayinSync.limiter_store, ENV.fetch("KRAYIN_TOKEN", nil)]
    ENV["KRAYIN_TOKEN"] = SimulatedKrayin::TOKEN
  end

  after do
    @krayin.stop
    KrayinSync.limiter_store, ENV["KRAYIN_TOKEN"] = @given
    KrayinSync.retry_base = nil
    KrayinSync.configuration.extensions.clear
    KrayinSync.configure { |config| config.contact_mapper = config.processor_service = nil }
    WebMock.reset!
    WebMock.disable!
  end

  it "has Ruby to run" do
    expect(blocks.size).to be >= 6
    expect(blocks.join.scan("# =>").size).to be >= 8
  end

  it "names files that are there, and so do its neighbours" do
    folders = ["", "lib/krayin_sync/", "crates/krayin_core/", "crates/krayin_core/src/", "ext/krayin_sync/src/"]
    missing = [*documents, "CONTRIBUTING.md", "DESIGN.md", "CHANGELOG.md"].flat_map do |document|
      named = File.read(File.join(root, document)).scan(%r{`([\w.-]+(?:/[\w.-]+)+)`}).flatten.uniq
      named.grep(%r{\.\w+\z|\A(?:bin|tests|spec|crates|lib|ext)/}).reject do |path|
        path.match?(%r{[A-Z]{2}|\Aconfig/(?:initializers|krayin_sync\.yml)}) || folders.any? do |folder|
          File.exist?(File.join(root, folder, path))
        end
      end
    end
    expect(missing).to eq([])
  end

  it "is beside recipes that fit the code: what they take away is there, what they add is not" do
    sources = Dir.glob(File.join(root, "crates/krayin_core/src/**/*.rs"))
    code = sources.flat_map { |file| File.readlines(file).map(&:strip) }.to_set
    recipes = File.read(File.join(root, "CONTRIBUTING.md")).scan(/^```diff\n(.*?)^```$/m).join.lines
    told = recipes.map { |line| [line[0], line[1..].strip.delete_prefix("…").strip] }
    told = told.reject { |_, text| text.empty? || text.start_with?("// ") }
    expect(told.map(&:first).tally).to include("+" => be > 5, "-" => be > 1, " " => be > 2)
    expect(told.reject { |sign, text| code.include?(text) == (sign != "+") }).to eq([])
  end

  it "name rake tasks that are there" do
    rake = Rake::Application.new
    Rake.with_application(rake) { Dir.glob(File.join(root, "lib/tasks/*.rake")).each { |file| load(file) } }
    named = documents.flat_map do |document|
      File.read(File.join(root, document)).scan(/\b(krayin_sync(?::[a-z_]+)+)/).flatten
    end
    expect(named.uniq.size).to be >= 15
    expect(named.uniq - rake.tasks.map(&:name)).to eq([])
  end

  it "has a login that gives a token" do
    words = File.read(File.join(root, "README.md"))[/^ +curl (.*)$/, 1].split
    given = words.each_cons(2).filter_map { |flag, value| value.split("=", 2) if flag == "-d" }.to_h
    address = URI.join(@krayin.url, URI(words.last).path)
    answer = Net::HTTP.post(address, URI.encode_www_form(given.merge("email" => "bridge1@example.com")),
                            "Accept" => "application/json", "Content-Type" => "application/x-www-form-urlencoded")
    token = JSON.parse(answer.body).fetch("token")
    user = KrayinSync::Api::BaseClient.new(@krayin.url, token).get("get")["data"]
    expect(user["email"]).to eq("bridge1@example.com")
  end

  it "link to what is there" do
    documents.each do |document|
      File.read(File.join(root, document)).scan(/\]\((?!http)([^)#]*)(?:#([^)]*))?\)/) do |path, heading|
        file = path.empty? ? File.join(root, document) : File.expand_path(path, File.dirname(File.join(root, document)))
        expect(File.exist?(file)).to be(true), "#{document} links to #{path}"
        next unless heading

        headings = File.readlines(file).grep(/^#+ /).map { |line| line.sub(/^#+ /, "").strip.downcase.tr(" ", "-") }
        expect(headings).to include(heading), "#{document} links to ##{heading}"
      end
    end
  end

  blocks.each.with_index(1) do |(document, block), number|
    it "has a block #{number}, of #{document}, that runs" do
      stub_const("Sidekiq", Class.new { def self.redis = yield }) unless defined?(Sidekiq)
      if block.include?("stub_request")
        WebMock.enable!
        run(block)
      else
        run(block.gsub("https://crm.example.com", @krayin.url))
      end
    end
  end
end
