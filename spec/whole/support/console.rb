# frozen_string_literal: true

require "json"
require_relative "desk_jobs"

# Runs inside Chatwoot by `rails runner`: a line of JSON in, {"code":, "with":}, a line out, {"value":} or {"error":}.
# What Chatwoot itself prints has no such mark.
MARK = "\u001E"

# One that has no variable of this file: the code would write it.
def place(variables)
  place = Object.new.instance_eval { binding }
  variables.each { |name, value| place.local_variable_set(name, value) }
  place
end

def answer(asked)
  code, variables = asked.values_at("code", "with")
  # The runner's own cache of queries would hide what others write.
  { value: ActiveRecord::Base.uncached { place(variables).eval(code) } }
rescue StandardError, ScriptError => e
  { error: "#{e.class}: #{e.message}", at: e.backtrace.first(8) }
end

$stdout.sync = true
puts "#{MARK}{}"
$stdin.each_line do |line|
  told = answer(JSON.parse(line))
  Current.reset
  puts "#{MARK}#{JSON.generate(told)}"
end
