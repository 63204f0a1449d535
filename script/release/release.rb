# frozen_string_literal: true

require "date"
require "digest"
require "fileutils"
require "open3"
require "rubygems"
require "tmpdir"
require_relative "changelog"

# One release, made from the last commit alone: what lies about in the checkout is not in it, and a step that fails
# leaves the checkout as it was. A version that the last commit bears already, with its day in the changelog, is
# released as it stands.
class Release
  # What is not as a release needs it.
  class Refused < StandardError; end

  VERSION = /\A(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\z/
  RUBY = "lib/krayin_sync/version.rb"
  RUST = "Cargo.toml"
  LOCKS = %w[Cargo.lock fuzz/Cargo.lock].freeze

  # @param root [String] the checkout
  # @param version [String] by semantic versioning
  # @param dry [Boolean] whether nothing is to be committed
  # @param day [Date]
  # @param suites [Array<String>] of a rehearsal: these suites of bin/test in the place of all
  # @param platforms [Array<String>] of a rehearsal: these platforms of bin/package in the place of all
  def initialize(root, version, dry:, day: Date.today, suites: [], platforms: [])
    @root = root
    @version = version
    @dry = dry
    @day = day
    @suites = suites
    @platforms = platforms
  end

  # @raise [Refused]
  def make
    look
    Dir.mktmpdir("release") do |dir|
      @clone = File.join(dir, "clone")
      git("clone", "--quiet", @root, @clone, at: dir)
      commit unless prepared?
      step("known flaws and semantic versioning") { audit }
      step(named("every test", @suites)) { run("bin/test", *@suites) }
      step("the gem from source") { pack }
      step(named("the gems without sources", @platforms)) { run("bin/package", *@platforms) }
      bring
      tag unless @dry
    end
    tell
  end

  private

  def look
    raise Refused, "#{@version} is no version: three numbers, such as 0.2.0" unless @version.match?(VERSION)
    raise Refused, "only a dry run may leave tests or platforms out" unless @dry || (@suites + @platforms).empty?
    raise Refused, "#{@version} does not follow #{current}" unless later? || prepared?
    raise Refused, "v#{@version} is there already: git tag" unless git("tag", "--list", "v#{@version}").empty?
    raise Refused, "what is not committed would not be in it: git status" unless git("status", "--porcelain").empty?
    raise Refused, "CHANGELOG.md has nothing under Unreleased" if news.empty?
  end

  # Whether the last commit bears the version, and nothing has come since.
  def prepared? = @version == current && changelog.news.empty? && !changelog.of(@version).empty?

  def news = prepared? ? changelog.of(@version) : changelog.news

  def named(step, chosen) = chosen.empty? ? step : "#{step}, of which alone: #{chosen.join(", ")}"

  def later? = Gem::Version.new(@version) > Gem::Version.new(current)

  def current = File.read(File.join(@root, RUBY))[/VERSION = "(.*)"/, 1]

  def changelog = @changelog ||= Changelog.new(File.read(File.join(@root, "CHANGELOG.md")))

  def commit
    edit(RUBY) { |text| text.sub(/(?<=VERSION = ").*(?=")/, @version) }
    edit(RUST) { |text| text.sub(/(?<=^version = ").*(?=")/, @version) }
    edit("CHANGELOG.md") { changelog.released(@version, @day.iso8601) }
    LOCKS.select { |path| File.exist?(File.join(@clone, path)) }.each { |path| edit(path) { |text| locked(text) } }
    # Whoever makes it again on that day, from the same commit, gets the same gems.
    time = "#{@day.iso8601}T00:00:00Z"
    dated = { "GIT_AUTHOR_DATE" => time, "GIT_COMMITTER_DATE" => time }
    git("commit", "--quiet", "--all", "--message", "Release #{@version}", at: @clone, env: dated)
  end

  # Not by cargo, which wants all that a lock names, for a crate that is never built here too. What is this workspace's
  # own has no source.
  def locked(text)
    text.gsub(/^(name = ".+"\nversion = ")#{Regexp.escape(current)}(?="\n(?!source))/) do
      Regexp.last_match(1) + @version
    end
  end

  # What asks elsewhere, or compares with the release before, and so is no test of every run.
  def audit
    tool("cargo-deny", "no known flaw was looked up") { run("cargo", "deny", "check", "advisories") }
    before = git("describe", "--tags", "--abbrev=0", "--match", "v*", at: @clone).chomp if released_before?
    return puts("skipped: no release before this one is tagged to compare the crate with") unless before

    tool("cargo-semver-checks", "the crate was not compared with #{before}") do
      run("cargo", "semver-checks", "--package", "krayin_core", "--baseline-rev", before)
    end
  end

  def released_before? = !git("tag", "--list", "v*", at: @clone).empty?

  # With a tool of cargo's, where it is there.
  def tool(name, otherwise)
    there = ENV.fetch("PATH", "").split(File::PATH_SEPARATOR).any? { |dir| File.executable?(File.join(dir, name)) }
    there ? yield : puts("skipped: #{otherwise}, since #{name} is not there: cargo install --locked #{name}")
  end

  def edit(path)
    path = File.join(@clone, path)
    text = File.read(path)
    changed = yield(text)
    raise Refused, "#{path} has no version to change" if changed == text

    File.write(path, changed)
  end

  def pack
    FileUtils.mkdir_p(File.join(@clone, "pkg"))
    epoch = git("log", "-1", "--format=%ct", at: @clone).chomp
    run({ "SOURCE_DATE_EPOCH" => epoch },
        "gem", "build", "krayin_sync.gemspec", "--output", "pkg/krayin_sync-#{@version}.gem")
  end

  def bring
    FileUtils.mkdir_p(packages)
    FileUtils.rm_f(Dir.glob(File.join(packages, "*.gem")))
    made = Dir.glob(File.join(@clone, "pkg/*.gem"))
    FileUtils.cp(made, packages)
    @sums = made.map { |file| "#{Digest::SHA256.file(file).hexdigest}  #{File.basename(file)}\n" }.sort_by(&:split).join
    File.write(File.join(packages, "SHA256SUMS"), @sums)
    File.write(File.join(packages, "NOTES.md"), notes)
  end

  def packages = File.join(@root, "pkg")

  def notes = "# krayin_sync #{@version}\n\n#{news}\n\n## Digests (SHA-256)\n\n#{@sums.gsub(/^/, "    ")}"

  def tag
    git("pull", "--quiet", "--ff-only", @clone, "HEAD")
    git("tag", "--annotate", "v#{@version}", "--message", "krayin_sync #{@version}")
  end

  def tell
    puts "", @sums, "", "pkg/NOTES.md has what is new."
    return puts("Nothing was committed: this was a dry run.") if @dry

    puts "#{prepared? ? "Tagged" : "Committed and tagged"} here. What makes it known is yours to do:",
         "  git push --follow-tags", "  gem push pkg/krayin_sync-#{@version}.gem    # and each of the others"
  end

  def step(name)
    puts "== #{name}"
    yield
  end

  # Its words are shown as they come.
  def run(*command)
    return if system(*command, chdir: @clone)

    raise Refused, "#{command.grep(String).first(2).join(" ")} failed; nothing was committed"
  end

  def git(*words, at: @root, env: {})
    said, status = Open3.capture2e(env, "git", *words, chdir: at)
    status.success? ? said : raise(Refused, "git #{words.first} failed: #{said.lines.last}")
  end
end
