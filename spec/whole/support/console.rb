# frozen_string_literal: true

require "json"

# Runs inside Chatwoot by `rails runner`: a line of JSON in, {"code":, "with":}, a line out, {"value":} or {"error":}.
# What Chatwoot itself prints has no such mark.
MARK = "\u001E"

$stdout.sync = true
puts "#{MARK}{}"
$stdin.each_line do |line|
  asked = JSON.parse(line)
  place = Object.new.instance_eval { binding }
  asked["with"].each { |name, value| place.local_variable_set(name, value) }
  answer = begin
    # The runner's own cache of queries would hide what others write.
    value = ActiveRecord::Base.uncached { place.eval(asked["code"]) }
    { value: value }
  rescue StandardError, ScriptError => e
    { error: "#{e.class}: #{e.message}", at: e.backtrace.first(8) }
  end
  Current.reset
  puts "#{MARK}#{JSON.generate(answer)}"
end
