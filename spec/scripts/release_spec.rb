# frozen_string_literal: true

require "date"
require "open3"
require "tmpdir"
require_relative "../../script/release/release"

# A small project in the release's place, with git and cargo as they are.
RSpec.describe Release do
  around do |example|
    path = ENV.fetch("PATH")
    Dir.mktmpdir do |dir|
      Dir.mktmpdir do |tools|
        @root = dir
        @tools = tools
        ENV["PATH"] = "#{tools}:#{path}"
        example.run
      end
    end
  ensure
    ENV["PATH"] = path
  end

  # A subcommand of cargo's in the place of any that is installed.
  def tool(name, text)
    File.write(File.join(@tools, name), "#!/bin/sh\n#{text}\n")
    File.chmod(0o755, File.join(@tools, name))
  end

  before do
    tool("cargo-deny", "echo looked up: $@")
    tool("cargo-semver-checks", "echo compared: $@")
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
    write("bin/test", <<~SH, 0o755)
      #!/bin/sh
      echo suites: $@
      grep -Eq '0[.][23][.]0' lib/krayin_sync/version.rb && test ! -e broken
    SH
    write("bin/package", <<~SH, 0o755)
      #!/bin/sh
      echo platforms: $@
      mkdir -p pkg && echo gem > pkg/krayin_sync-0.2.0-here.gem
    SH
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

  def make(version = "0.2.0", dry: false, **chosen)
    author = { "GIT_AUTHOR_NAME" => "Ann", "GIT_AUTHOR_EMAIL" => "ann@example.com",
               "GIT_COMMITTER_NAME" => "Ann", "GIT_COMMITTER_EMAIL" => "ann@example.com" }
    before = author.to_h { |name, _| [name, ENV.fetch(name, nil)] }
    ENV.update(author)
    described_class.new(@root, version, dry: dry, day: Date.new(2026, 3, 4), **chosen).make
  ensure
    ENV.update(before)
  end

  it "commits the version everywhere, tags it, and leaves gems, their digests and notes" do
    expect { make }.to output(/git push --follow-tags/).to_stdout_from_any_process
    expect(read("lib/krayin_sync/version.rb")).to include('"0.2.0"')
    expect([read("Cargo.toml"), read("Cargo.lock")]).to all(include('version = "0.2.0"'))
    expect(read("CHANGELOG.md")).to include("# Changelog\n\n## 0.2.0 (2026-03-04)\n\n- Contacts appear.\n\n## 0.1.0")
    expect(sh("git", "describe", "--exact-match")).to eq("v0.2.0\n")
    expect(sh("git", "status", "--porcelain")).to eq("")
    sums = read("pkg/SHA256SUMS").lines.map { |line| line.chomp.split("  ") }
    expect(sums.map(&:last)).to contain_exactly("krayin_sync-0.2.0.gem", "krayin_sync-0.2.0-here.gem")
    sums.each { |sum, name| expect(Digest::SHA256.hexdigest(File.binread(File.join(@root, "pkg", name)))).to eq(sum) }
    expect(read("pkg/NOTES.md")).to start_with("# krayin_sync 0.2.0\n\n- Contacts appear.\n")
    expect(read("pkg/NOTES.md")).to include(*sums.map(&:first))
    expect(read("pkg/NOTES.md")).not_to include("It begins")
  end

  it "makes the same gem of the same commit, whenever it is made" do
    sums = [1, 2].map do
      expect { make(dry: true) }.to output.to_stdout_from_any_process
      sleep 1.1 # a gem's times are whole seconds
      read("pkg/SHA256SUMS")[/^\h+(?=  krayin_sync-0\.2\.0\.gem$)/]
    end
    expect(sums).to match([/\A\h{64}\z/, sums.first])
    prepare
    again = [1, 2].map do
      expect { make(dry: true) }.to output.to_stdout_from_any_process
      sleep 1.1
      read("pkg/SHA256SUMS")
    end
    expect(again.uniq.size).to eq(1)
  end

  it "leaves other packages' versions in the locks as they are, and needs none of what they name" do
    other = "\n[[package]]\nname = \"other\"\nversion = \"0.1.0\"\nsource = \"registry+https://example.com\"\n"
    write("fuzz/Cargo.lock", "version = 4\n#{other}\n[[package]]\nname = \"core\"\nversion = \"0.1.0\"\n")
    save
    expect { make }.to output.to_stdout_from_any_process
    expect(read("fuzz/Cargo.lock")).to end_with("#{other}\n[[package]]\nname = \"core\"\nversion = \"0.2.0\"\n")
  end

  it "commits and tags nothing where it is a dry run" do
    expect { make(dry: true) }.to output(/Nothing was committed/).to_stdout_from_any_process
    expect(sh("git", "log", "--format=%s")).to eq("As it is\n")
    expect([sh("git", "tag"), sh("git", "status", "--porcelain")]).to eq(["", ""])
    expect(read("pkg/NOTES.md")).to include("Contacts appear.")
  end

  # As the version and its day are written beside the last change.
  def prepare
    ["Cargo.toml", "lib/krayin_sync/version.rb"].each do |path|
      write(path, read(path).sub('"0.1.0"', '"0.2.0"'))
    end
    write("CHANGELOG.md", read("CHANGELOG.md").sub("## Unreleased", "## 0.2.0 (2026-03-01)"))
    sh("cargo", "update", "--quiet", "--workspace", "--offline")
    save
  end

  it "releases a version that the last commit bears as it stands" do
    prepare
    before = sh("git", "rev-parse", "HEAD")
    expect { make }.to output(/^Tagged here/).to_stdout_from_any_process
    expect([sh("git", "rev-parse", "HEAD"), sh("git", "rev-parse", "v0.2.0^{commit}")]).to all(eq(before))
    expect(read("pkg/NOTES.md")).to start_with("# krayin_sync 0.2.0\n\n- Contacts appear.\n\n## Digests")
    expect(read("pkg/SHA256SUMS")).to include("krayin_sync-0.2.0.gem")
    expect { make }.to raise_error(Release::Refused, /v0\.2\.0 is there already/)
  end

  it "does not take a version for one to be released that something has come after" do
    prepare
    write("CHANGELOG.md", read("CHANGELOG.md").sub("## 0.2.0", "## Unreleased\n\n- More.\n\n## 0.2.0"))
    save
    expect { make }.to raise_error(Release::Refused, /0\.2\.0 does not follow 0\.2\.0/)
    expect { make("0.3.0", dry: true) }.to output(/Nothing was committed/).to_stdout_from_any_process
    expect(read("pkg/NOTES.md")).to start_with("# krayin_sync 0.3.0\n\n- More.\n\n## Digests")
  end

  it "looks for known flaws, and compares the crate with the release before, where there is one" do
    expect { make(dry: true) }
      .to output(/looked up: deny check advisories\nskipped: no release before/).to_stdout_from_any_process
    sh("git", "tag", "v0.1.0")
    expect { make(dry: true) }.to output(/^compared: semver-checks --package krayin_core --baseline-rev v0\.1\.0$/)
      .to_stdout_from_any_process
    tool("cargo-deny", "exit 1")
    expect { make }.to raise_error(Release::Refused, /cargo deny failed; nothing was committed/)
      .and output.to_stdout_from_any_process
  end

  it "says what it leaves out for want of a tool" do
    sh("git", "tag", "v0.1.0")
    %w[cargo-deny cargo-semver-checks].each { |name| File.delete(File.join(@tools, name)) }
    cargo = File.dirname(sh("which", "cargo").chomp)
    ENV["PATH"] = ENV.fetch("PATH").split(":").reject { |dir| File.exist?(File.join(dir, "cargo-deny")) }
                     .push(cargo).join(":")
    skip "cargo's tools are beside cargo" if File.exist?(File.join(cargo, "cargo-deny"))
    expect { make(dry: true) }
      .to output(/skipped: no known flaw was looked up.*skipped: the crate was not compared with v0\.1\.0/m)
      .to_stdout_from_any_process
  end

  it "leaves suites and platforms out in a dry run alone, and says which it ran" do
    chosen = { suites: %w[lint ruby], platforms: %w[here] }
    expect { make(dry: true, **chosen) }
      .to output(/alone: lint, ruby\nsuites: lint ruby\n.*alone: here\nplatforms: here\n.*Nothing was committed/m)
      .to_stdout_from_any_process
    expect { make(**chosen) }.to raise_error(Release::Refused, /only a dry run/)
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
