# frozen_string_literal: true

require "date"
require "digest"
require "fileutils"
require "open3"
require "rubygems"
require "tmpdir"
require_relative "changelog"

# One release, made from the last commit alone: what lies about in the checkout is not in it, and a step that fails
# leaves the checkout as it was.
class Release
  # What is not as a release needs it.
  class Refused < StandardError; end

  VERSION = /\A(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\.(?:0|[1-9]\d*)\z/
  RUBY = "lib/krayin_sync/version.rb"
  RUST = "Cargo.toml"
  LOCKED = %w[Cargo.toml fuzz/Cargo.toml].freeze

  # @param root [String] the checkout
  # @param version [String] by semantic versioning
  # @param dry [Boolean] whether nothing is to be committed
  # @param day [Date]
  def initialize(root, version, dry:, day: Date.today)
    @root = root
    @version = version
    @dry = dry
    @day = day
  end

  # @raise [Refused]
  def make
    look
    Dir.mktmpdir("release") do |dir|
      @clone = File.join(dir, "clone")
      git("clone", "--quiet", @root, @clone, at: dir)
      commit
      step("every test") { run("bin/test") }
      step("the gem from source") { pack }
      step("the gems without sources") { run("bin/package") }
      bring
      tag unless @dry
    end
    tell
  end

  private

  def look
    raise Refused, "#{@version} is no version: three numbers, such as 0.2.0" unless @version.match?(VERSION)
    raise Refused, "#{@version} does not follow #{current}" unless later?
    raise Refused, "v#{@version} is there already: git tag" unless git("tag", "--list", "v#{@version}").empty?
    raise Refused, "what is not committed would not be in it: git status" unless git("status", "--porcelain").empty?
    raise Refused, "CHANGELOG.md has nothing under Unreleased" if changelog.news.empty?
  end

  def later? = Gem::Version.new(@version) > Gem::Version.new(current)

  def current = File.read(File.join(@root, RUBY))[/VERSION = "(.*)"/, 1]

  def changelog = @changelog ||= Changelog.new(File.read(File.join(@root, "CHANGELOG.md")))

  def commit
    edit(RUBY) { |text| text.sub(/(?<=VERSION = ").*(?=")/, @version) }
    edit(RUST) { |text| text.sub(/(?<=^version = ").*(?=")/, @version) }
    edit("CHANGELOG.md") { changelog.released(@version, @day.iso8601) }
    LOCKED.select { |path| File.exist?(File.join(@clone, path)) }.each do |path|
      run("cargo", "update", "--quiet", "--workspace", "--offline", "--manifest-path", path)
    end
    git("commit", "--quiet", "--all", "--message", "Release #{@version}", at: @clone)
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
    run("gem", "build", "krayin_sync.gemspec", "--output", "pkg/krayin_sync-#{@version}.gem")
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

  def notes = "# krayin_sync #{@version}\n\n#{changelog.news}\n\n## Digests (SHA-256)\n\n#{@sums.gsub(/^/, "    ")}"

  def tag
    git("pull", "--quiet", "--ff-only", @clone, "HEAD")
    git("tag", "--annotate", "v#{@version}", "--message", "krayin_sync #{@version}")
  end

  def tell
    puts "", @sums, "", "pkg/NOTES.md has what is new."
    return puts("Nothing was committed: this was a dry run.") if @dry

    puts "Committed and tagged here. What makes it known is yours to do:",
         "  git push --follow-tags", "  gem push pkg/krayin_sync-#{@version}.gem    # and each of the others"
  end

  def step(name)
    puts "== #{name}"
    yield
  end

  # Its words are shown as they come.
  def run(*command)
    system(*command, chdir: @clone) || raise(Refused, "#{command.first(2).join(" ")} failed; nothing was committed")
  end

  def git(*words, at: @root)
    said, status = Open3.capture2e("git", *words, chdir: at)
    status.success? ? said : raise(Refused, "git #{words.first} failed: #{said.lines.last}")
  end
end
