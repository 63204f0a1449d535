# frozen_string_literal: true

require "fileutils"
require "json"
require "tmpdir"
require_relative "options"
require_relative "pass"
require_relative "report"
require_relative "simulator"

# Names and texts are UTF-8, whatever the environment's locale says.
Encoding.default_external = Encoding::UTF_8

# Connects to a simulated Krayin, sends it the events and shows what is in it then.
class Demo
  # What a demo that is kept leaves for the next.
  FOLDER = File.expand_path("../tmp/demo", __dir__)
  RECORDS = File.join(FOLDER, "records.json")
  KINDS = %w[persons leads organizations activities].freeze
  Hook = Struct.new(:app_id, :settings)

  def initialize(options)
    @options = options
    @report = Report.new($stdout)
  end

  # Whether every event went through.
  def run
    earlier = Simulator.kept(FOLDER) if @options[:again] || @options[:keep]
    return over(earlier) if earlier && @options[:again] && [nil, earlier.server].include?(@options[:server])

    earlier&.stop
    @options[:keep] ? start_in(FOLDER) : Dir.mktmpdir { |folder| start_in(folder) }
  end

  private

  def over(earlier)
    @report.say "Krayin #{earlier.server} of the demo before, at #{earlier.url}"
    records = KrayinSync::Records::Memory.from_h(JSON.parse(File.read(RECORDS)))
    send_events(earlier, connect(earlier), records)
  ensure
    save(records) if records
  end

  def start_in(folder)
    simulator = Simulator.start(folder, server: @options.fetch(:server, Options::SERVERS.first))
    @report.say "Krayin #{simulator.server}, simulated, at #{simulator.url}"
    hook = connect(simulator)
    records = KrayinSync::Records::Memory.new
    first_pass(hook, records) if @options[:again]
    good = send_events(simulator, hook, records)
    kept = keep(simulator, records) if @options[:keep]
    good
  ensure
    simulator&.stop unless kept
  end

  def connect(simulator)
    hook = Hook.new("krayin", { "sync_to_organization" => true })
    before = simulator.requests
    KrayinSync::SetupService.new(inbox: nil, hook: hook, api_url: simulator.url, api_token: simulator.token).perform
    @set_up = simulator.requests - before
    @report.say "Connected, in #{@set_up} requests"
    hook
  end

  def first_pass(hook, records)
    figures = Pass.new(@options[:events], hook: hook, records: records).run
    @report.say "First run: #{figures.events} events, #{figures.requests} requests. Now the same events again."
  end

  def send_events(simulator, hook, records)
    before = simulator.records
    @report.say ""
    @report.heading
    figures = Pass.new(@options[:events], hook: hook, records: records, report: @report).run
    after = simulator.records
    created = KINDS.to_h { |kind| [kind, after.fetch(kind).size - before.fetch(kind).size] }
    @report.say "", "Now in Krayin:"
    @report.table(after, simulator.stages)
    summarize(figures, created)
    write_json(figures, created) if @options[:json]
    figures.good?
  end

  def summarize(figures, created)
    new = created.reject { |_, count| count.zero? }.map { |kind, count| "#{count} #{kind}" }
    @report.say "", "New in it: #{new.empty? ? "nothing" : new.join(", ")}.",
                "#{figures.events} events took #{figures.requests} requests (#{figures.free} events none), " \
                "the set-up #{@set_up}."
    @report.say "Failed events: #{figures.failed}, lines left out: #{figures.broken}." unless figures.good?
  end

  def write_json(figures, created)
    result = { events: figures.events, skipped: figures.skipped, requests: figures.requests, created: created }
    File.write(@options[:json], "#{JSON.pretty_generate(result)}\n")
  end

  def keep(simulator, records)
    save(records)
    simulator.keep(FOLDER)
    @report.say "", "Look at it: #{simulator.page}", "Send the events again: bin/demo --again",
                "Stop it: kill #{simulator.pid}"
    true
  end

  def save(records)
    File.write(RECORDS, JSON.generate(records.to_h), perm: 0o600)
  end
end

options = Options.parse(ARGV)
system(File.expand_path("../bin/setup", __dir__)) || exit(1)
require_relative "../lib/krayin_sync"

def demo(options)
  return Demo.new(options) unless options[:chatwoot]

  require_relative "chatwoot"
  ChatwootDemo.new(options, Report.new($stdout))
end

begin
  exit demo(options).run
rescue Interrupt
  warn "", "bin/demo: interrupted"
  exit 130
rescue RuntimeError => e
  warn "bin/demo: #{e.message}"
  exit 1
end
