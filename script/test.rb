# frozen_string_literal: true

require_relative "test/suites"

# Names and texts are UTF-8, whatever the environment's locale says.
Encoding.default_external = Encoding::UTF_8

unknown = ARGV - SUITES.keys
unless unknown.empty?
  warn "bin/test: no suite #{unknown.join(", ")}. There are: #{SUITES.keys.join(", ")}"
  exit 2
end

$stdout.sync = true
Dir.chdir(ROOT)
system("bin/setup") || exit(1)

def seconds_for
  began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  yield
  Process.clock_gettime(Process::CLOCK_MONOTONIC) - began
end

chosen = ARGV.empty? ? SUITES : SUITES.slice(*ARGV)
tallies = chosen.to_h do |name, suite|
  puts "== #{name}"
  tally = nil
  seconds = seconds_for { tally = suite.run }
  puts "-- #{name}: #{tally.none? ? "ran nothing" : tally}, #{seconds.round} s", ""
  [name, tally]
end

bad = tallies.reject { |_, tally| tally.good? }.keys
puts "Failed: #{bad.join(", ")}" unless bad.empty?
puts tallies.values.sum(Tally.new)
exit bad.empty?
