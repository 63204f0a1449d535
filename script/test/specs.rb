# frozen_string_literal: true

require "json"
require "tmpdir"
require_relative "command"
require_relative "tally"

# RSpec files: those that fit the patterns, but for those under the folders `except`. Where they run elsewhere, `within`
# makes their command one that runs there, and `report_in` is a folder that both places have.
class Specs
  # Lines of a failure's message that are told again at the end, and characters of each.
  MESSAGE = 12
  WIDTH = 300

  def initialize(patterns, except: [], env: {}, within: ->(*command) { command }, report_in: nil)
    @patterns = patterns
    @except = except
    @env = env
    @within = within
    @report_in = report_in
  end

  def there? = !files.empty?

  # Yields each line that is said, and shows it unless that is to be `quiet`.
  def run(quiet: false, &block)
    Dir.mktmpdir(nil, @report_in) do |dir|
      report = File.join(dir, "report.json")
      command = ["rspec", "--format", "progress", "--format", "json", "--out", report, *files]
      good = Command.run(*@within.call(*command), env: @env, quiet: quiet, &block)
      tally = File.size?(report) ? read(report) : Tally.new
      tally += Tally.new(failed: 1) if !good && tally.failed.zero? # the process died
      tally
    end
  end

  private

  def files
    Dir.glob(@patterns, base: ROOT).reject { |path| path.start_with?(*@except) }.sort
  end

  def read(report)
    told = JSON.parse(File.read(report))
    summary = told.fetch("summary")
    examples, failures, pending, errors =
      summary.values_at("example_count", "failure_count", "pending_count", "errors_outside_of_examples_count")
    Tally.new(passed: examples - failures - pending, failed: failures + errors, skipped: pending, bad: bad(told))
  end

  def bad(told)
    told.fetch("examples").select { |example| example["status"] == "failed" }.map do |example|
      "#{example["file_path"].delete_prefix("./")}:#{example["line_number"]} #{example["full_description"]}\n" \
        "#{why(example)}"
    end
  end

  # Of the start of an hour's output mostly nothing is kept.
  def why(example)
    lines = example.dig("exception", "message").to_s.lines(chomp: true).reject(&:empty?)
    lines.first(MESSAGE).map { |line| "      #{line[0, WIDTH]}" }.join("\n")
  end
end
