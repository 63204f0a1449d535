# frozen_string_literal: true

require "date"
require "open3"
require "tmpdir"
require_relative "../../script/release/release"

# A small project in the release's place, with git and cargo as they are.
RSpec.describe Release do
  around { |example| Dir.mktmpdir { |dir| (@root = dir) && example.run } }

  before do
    write("Cargo.toml", "[workspace]\nmembers = [\"core\"]\n[workspace.package]\nversion = \"0.1.0\"\n")
    write("core/Cargo.toml", "[package]\nname = \"core\"\nversion.workspace = true\nedition = \"2021\"\n")
    write("core/src/lib.rs", "")
    write("lib/krayin_sync/version.rb", "module KrayinSync\n  VERSION = \"0.1.0\"\nend\n")
    changelog("- Contacts appear.\n\n")
    write(".gitignore", "/pkg/\n/target/\n")
    write("krayin_sync.gemspec", <<~RUBY)
      require_relative "lib/krayin_sync/version"
      Gem::Specification.new("krayin_sync", KrayinSync::VERSION) do |spec|
        spec.summary, spec.authors, spec.license = "x", ["x"], "MIT"
        spec.files = ["lib/krayin_sync/version.rb"]
      end
    RUBY
    write("bin/test", "#!/bin/sh\ngrep -q '0.2.0' lib/krayin_sync/version.rb && test ! -e broken\n", 0o755)
    write("bin/package", "#!/bin/sh\nmkdir -p pkg && echo gem > pkg/krayin_sync-0.2.0-here.gem\n", 0o755)
    sh("cargo", "generate-lockfile", "--offline")
    sh("git", "init", "--quiet", "--initial-branch", "main")
    { "user.name" => "Ann", "user.email" => "ann@example.com" }.each { |key, value| sh("git", "config", key, value) }
    save
  end

  def write(path, text, mode = 0o644)
    path = File.join(@root, path)
    FileUtils.mkdir_p(File.dirname(path))
    File.write(path, text)
    File.chmod(mode, path)
  end

  def changelog(news)
    write("CHANGELOG.md", "# Changelog\n\n## Unreleased\n\n#{news}## 0.1.0 (2026-01-02)\n\n- It begins.\n")
  end

  def sh(*command)
    said, status = Open3.capture2e(*command, chdir: @root)
    status.success? ? said : raise(said)
  end

  def save = sh("git", "add", "--all") + sh("git", "commit", "--quiet", "--message", "As it is")

  def read(path) = File.read(File.join(@root, path))

  def make(version = "0.2.0", dry: false)
    author = { "GIT_AUTHOR_NAME" => "Ann", "GIT_AUTHOR_EMAIL" => "ann@example.com",
               "GIT_COMMITTER_NAME" => "Ann", "GIT_COMMITTER_EMAIL" => "ann@example.com" }
    before = author.to_h { |name, _| [name, ENV.fetch(name, nil)] }
    ENV.update(author)
    described_class.new(@root, version, dry: dry, day: Date.new(2026, 3, 4)).make
  ensure
    ENV.update(before)
  end

  it "commits the version everywhere, tags it, and leaves gems, their digests and notes" do
    expect { make }.to output(/git push --follow-tags/).to_stdout_from_any_process
    expect(read("lib/krayin_sync/version.rb")).to include('"0.2.0"')
    expect([read("Cargo.toml"), read("Cargo.lock")]).to all(include('version = "0.2.0"'))
    expect(read("CHANGELOG.md")).to include("## Unreleased\n\n## 0.2.0 (2026-03-04)\n\n- Contacts appear.\n\n## 0.1.0")
    expect(sh("git", "describe", "--exact-match")).to eq("v0.2.0\n")
    expect(sh("git", "status", "--porcelain")).to eq("")
    sums = read("pkg/SHA256SUMS").lines.map { |line| line.chomp.split("  ") }
    expect(sums.map(&:last)).to contain_exactly("krayin_sync-0.2.0.gem", "krayin_sync-0.2.0-here.gem")
    sums.each { |sum, name| expect(Digest::SHA256.hexdigest(File.binread(File.join(@root, "pkg", name)))).to eq(sum) }
    expect(read("pkg/NOTES.md")).to start_with("# krayin_sync 0.2.0\n\n- Contacts appear.\n")
    expect(read("pkg/NOTES.md")).to include(*sums.map(&:first))
    expect(read("pkg/NOTES.md")).not_to include("It begins")
  end

  it "commits and tags nothing where it is a dry run" do
    expect { make(dry: true) }.to output(/Nothing was committed/).to_stdout_from_any_process
    expect(sh("git", "log", "--format=%s")).to eq("As it is\n")
    expect([sh("git", "tag"), sh("git", "status", "--porcelain")]).to eq(["", ""])
    expect(read("pkg/NOTES.md")).to include("Contacts appear.")
  end

  it "leaves the checkout as it was where a test fails" do
    write("broken", "")
    save
    expect { make }.to raise_error(Release::Refused, /bin.test failed; nothing was committed/)
      .and output(/every test/).to_stdout_from_any_process
    expect([sh("git", "tag"), read("lib/krayin_sync/version.rb")]).to match(["", /0\.1\.0/])
  end

  it "begins nothing that would not be a release" do
    expect { make("0.2") }.to raise_error(Release::Refused, /three numbers/)
    expect { make("0.1.0") }.to raise_error(Release::Refused, /does not follow 0\.1\.0/)
    write("core/src/lib.rs", "// more\n")
    expect { make }.to raise_error(Release::Refused, /git status/)
    save
    sh("git", "tag", "v0.2.0")
    expect { make }.to raise_error(Release::Refused, /there already/)
    changelog("")
    save
    expect { make("0.3.0") }.to raise_error(Release::Refused, /nothing under Unreleased/)
  end
end
