# frozen_string_literal: true

RSpec.describe "the version" do
  root = File.expand_path("..", __dir__)
  read = ->(path) { File.read(File.join(root, path), encoding: "UTF-8") }
  # Of each package of this repository that a lock holds, its version; fuzz/ is a workspace of its own, never released.
  locked = lambda do |path|
    read[path].scan(/^name = "(krayin_\w+)"\nversion = "(.+)"$/).to_h.except("krayin_fuzz")
  end

  it "is the same in Ruby and in Rust" do
    expect(KrayinSync::Native::VERSION).to eq(KrayinSync::VERSION)
  end

  it "is that of the gem, of the workspace and of each package in both locks" do
    expect(Gem::Specification.load(File.join(root, "krayin_sync.gemspec")).version.to_s).to eq(KrayinSync::VERSION)
    expect(read["Cargo.toml"].scan(/^version = "(.+)"$/).flatten).to eq([KrayinSync::VERSION])
    members = Dir.glob("{bench,tests,crates/*,ext/*}/Cargo.toml", base: root)
    expect(members.map { |path| read[path] }).to all(include("version.workspace = true"))
    expect(locked["Cargo.lock"]).to have_attributes(size: members.size, values: all(eq(KrayinSync::VERSION)))
    expect(locked["fuzz/Cargo.lock"]).to have_attributes(size: be >= 2, values: all(eq(KrayinSync::VERSION)))
  end

  it "is the newest of the changelog, with its day, and those before it are older" do
    heads = read["CHANGELOG.md"].scan(/^## (.+)$/).flatten - ["Unreleased"]
    expect(heads).to all(match(/\A\d+\.\d+\.\d+ \(\d{4}-\d\d-\d\d\)\z/))
    versions, days = heads.map { |head| head.delete("()").split }.transpose
    expect(versions.first).to eq(KrayinSync::VERSION)
    expect(versions).to eq(versions.uniq.sort_by { |version| Gem::Version.new(version) }.reverse)
    expect(days).to eq(days.sort.reverse)
  end
end
