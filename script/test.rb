# frozen_string_literal: true

require_relative "test/suites"
require_relative "test/lanes"

# Names and texts are UTF-8, whatever the environment's locale says.
Encoding.default_external = Encoding::UTF_8

unknown = ARGV - SUITES.keys
unless unknown.empty?
  warn "bin/test: no suite #{unknown.join(", ")}. There are: #{SUITES.keys.join(", ")}"
  exit 2
end

$stdout.sync = true
Dir.chdir(ROOT)

# One lane's: it tells who runs the lanes what it counted.
if (result = ENV.delete("TALLY"))
  File.write(result, JSON.generate(SUITES.fetch(ARGV.first).run.to_h.compact))
  exit
end

system("bin/setup") || exit(1)

tallies = {}
close = lambda do |name, tally, seconds|
  tallies[name] = tally
  puts "-- #{name}: #{tally.none? ? "ran nothing" : tally}, #{seconds.round} s", ""
end

chosen = ARGV.empty? ? SUITES.keys - NAMED_ONLY : ARGV.uniq
if chosen.size > 1 && Lanes.most > 1
  Lanes.new(chosen, &close).run
else
  chosen.each do |name|
    puts "== #{name}"
    began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    tally = SUITES[name].run
    close.call(name, tally, Process.clock_gettime(Process::CLOCK_MONOTONIC) - began)
  end
end

bad = chosen.reject { |name| tallies[name].good? }
puts "Failed: #{bad.join(", ")}" unless bad.empty?
bad.each { |name| puts(tallies[name].bad.map { |one| "  #{name}: #{one}" }) }
puts tallies.values.sum(Tally.new)
exit bad.empty?
