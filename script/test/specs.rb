# frozen_string_literal: true

require "json"
require "tmpdir"
require_relative "command"
require_relative "tally"

# RSpec files: those that fit the pattern, but for those under the folders `except`.
class Specs
  def initialize(pattern, except: [])
    @pattern = pattern
    @except = except
  end

  def there? = !files.empty?

  def run
    Dir.mktmpdir do |dir|
      report = File.join(dir, "report.json")
      good = Command.run("rspec", "--format", "progress", "--format", "json", "--out", report, *files)
      tally = File.size?(report) ? read(report) : Tally.new
      tally += Tally.new(failed: 1) if !good && tally.failed.zero? # the process died
      tally
    end
  end

  private

  def files
    Dir.glob(@pattern, base: ROOT).reject { |path| path.start_with?(*@except) }.sort
  end

  def read(report)
    summary = JSON.parse(File.read(report)).fetch("summary")
    examples, failures, pending, errors =
      summary.values_at("example_count", "failure_count", "pending_count", "errors_outside_of_examples_count")
    Tally.new(passed: examples - failures - pending, failed: failures + errors, skipped: pending)
  end
end
