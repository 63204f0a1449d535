# frozen_string_literal: true

require_relative "support/supported"

RSpec.describe "The table of versions" do
  root = File.expand_path("..", __dir__)
  let(:table) { Supported.all }

  it "has a row each, whose tried versions lie between its ends" do
    expect(table.keys).to eq(%w[Chatwoot Krayin Ruby Rails Sidekiq PostgreSQL Rust])
    table.each do |name, row|
      row[:tried].map { |version| Gem::Version.new(version) }.each do |tried|
        expect(tried).to be >= row[:from], name
        expect(tried).to be < Gem::Version.new("#{row[:to]}.0").bump, name if row[:to]
      end
    end
  end

  it "is what README's first screen says" do
    readme = File.read(File.join(root, "README.md"), encoding: "UTF-8")
    told = readme.scan(/(Chatwoot|Krayin) \(([\d.]+) to ([\d.]+)\)/)
    ends = %w[Chatwoot Krayin].map { |name| [name, *table[name].values_at(:from, :to).map(&:to_s)] }
    expect(told).to match_array(ends)
  end

  it "names the Ruby that runs here, and what the gem takes" do
    expect(Supported).to be_tried("Ruby", RUBY_VERSION)
    gem = Gem::Specification.load(File.join(root, "krayin_sync.gemspec"))
    expect(gem.required_ruby_version).to eq(Gem::Requirement.new(">= #{table["Ruby"][:from]}"))
  end

  it "names the Krayins that were recorded, the Chatwoot that the tests stand up and the oldest Rust" do
    recorded = Dir.children(File.join(root, "tests/contract")).filter_map { |name| name[/\Akrayin-([\d.]+)/, 1] }
    expect(table["Krayin"][:tried]).to match_array(recorded.uniq)
    whole = File.read(File.join(root, "bin/chatwoot"))[/^version=(.+)$/, 1]
    expect(table["Chatwoot"][:tried]).to eq([whole])
    rust = File.read(File.join(root, "Cargo.toml"))[/^rust-version = "(.+)"$/, 1]
    expect(table["Rust"][:from].to_s).to eq(rust)
  end
end
