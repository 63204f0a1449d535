# frozen_string_literal: true

require "webmock"

# Each Ruby block of the README runs, with a simulated Krayin where it names one, and gives what its comments say.
RSpec.describe "README.md" do
  include WebMock::API

  blocks = File.read(File.expand_path("../README.md", __dir__)).scan(/^```ruby\n(.*?)^```$/m).flatten

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
    expect(blocks.size).to be >= 4
    expect(blocks.join.scan("# =>").size).to be >= 8
  end

  it "names files that are there, and so do its neighbours" do
    root = File.expand_path("..", __dir__)
    folders = ["", "lib/krayin_sync/", "crates/krayin_core/", "crates/krayin_core/src/", "ext/krayin_sync/src/"]
    missing = %w[README.md CONTRIBUTING.md DESIGN.md CHANGELOG.md].flat_map do |document|
      named = File.read(File.join(root, document)).scan(%r{`([\w.-]+(?:/[\w.-]+)+)`}).flatten.uniq
      named.grep(%r{\.\w+\z|\A(?:bin|tests|spec|crates|lib|ext)/}).reject do |path|
        path.match?(%r{[A-Z]{2}|\Aconfig/(?:initializers|krayin_sync\.yml)}) || folders.any? do |folder|
          File.exist?(File.join(root, folder, path))
        end
      end
    end
    expect(missing).to eq([])
  end

  blocks.each.with_index(1) do |block, number|
    it "has a block #{number} that runs" do
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
