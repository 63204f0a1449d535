# frozen_string_literal: true

require "json"
require_relative "command"
require_relative "tally"

# Rust tests. A test target (a file of tests/, say) belongs to the first suite whose pattern fits its name; what no
# pattern fits belongs to :rest, together with the crates' unit and doc tests.
class CargoTests
  PACKAGES = %w[krayin_core krayin_sim krayin_tests].freeze
  PATTERNS = {
    text: /\Atext/,
    contract: /\Acontract|\Asim_/,
    faults: /\Afault/,
    crashes: /\Acrash/,
    races: /\Arace/,
    colleagues: /\Acolleague/,
    mapping: /\Amapping/
  }.freeze
  RESULT = /\Atest result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/
  # What a failed test said begins with its name.
  FAILED = /\A---- (\S+)(?: - .+)? stdout ----/

  def self.targets
    @targets ||= JSON.parse(metadata).fetch("packages").select { |package| PACKAGES.include?(package["name"]) }
                     .flat_map { |package| package["targets"] }
                     .select { |target| target["kind"] == ["test"] }
                     .map { |target| target["name"] }.uniq.sort
  end

  # Builds all of them, as each suite will.
  def self.build
    Command.run("cargo", "test", "--no-run", "--locked", "--quiet", *packages, "--lib", "--bins",
                *targets.flat_map { |name| ["--test", name] })
  end

  # All of them at every call: cargo then chooses the same features each time, and builds their dependencies once.
  def self.packages = PACKAGES.flat_map { |name| ["--package", name] }

  def self.metadata
    text, status = Open3.capture2("cargo", "metadata", "--no-deps", "--format-version", "1", chdir: ROOT)
    status.success? ? text : '{"packages":[]}'
  rescue Errno::ENOENT # bin/setup says that cargo is missing
    '{"packages":[]}'
  end
  private_class_method :metadata

  def initialize(suite)
    @suite = suite
  end

  def there? = rest? || !targets.empty?

  def run
    chosen = targets.flat_map { |name| ["--test", name] }
    return cargo_test(*chosen) unless rest?

    cargo_test("--lib", "--bins", *chosen) + cargo_test("--doc")
  end

  private

  def rest? = @suite == :rest

  def targets
    self.class.targets.select { |name| (PATTERNS.find { |_, pattern| pattern.match?(name) }&.first || :rest) == @suite }
  end

  def cargo_test(*chosen)
    tally = Tally.new
    packages = self.class.packages
    good = Command.run("cargo", "test", "--locked", "--quiet", "--no-fail-fast", *packages, *chosen) do |line|
      passed, failed, ignored = line.match(RESULT)&.captures&.map(&:to_i)
      tally += Tally.new(passed: passed, failed: failed, skipped: ignored) if passed
      tally.bad += line.match(FAILED).to_a.drop(1)
    end
    # It did not compile, or a test took the whole process down.
    tally += Tally.new(failed: 1) if !good && tally.failed.zero?
    tally
  end
end
