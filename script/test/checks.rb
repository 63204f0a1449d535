# frozen_string_literal: true

require_relative "command"
require_relative "tally"

# Commands that pass or fail as a whole: {"name" => {command:, env:, needs:, from:}}. One that needs a program which is
# not there is left out, and it is said where it can be had from.
class Checks
  def initialize(checks)
    @checks = checks
  end

  def there? = true

  def run
    @checks.sum(Tally.new) do |name, check|
      next left_out(name, check) unless check[:needs].nil? || program?(check[:needs])

      good = Command.run(*check[:command], env: check.fetch(:env, {}))
      puts "#{good ? "ok" : "FAILED"}: #{name}"
      good ? Tally.new(passed: 1) : Tally.new(failed: 1, bad: [name])
    end
  end

  private

  def program?(name)
    ENV.fetch("PATH", "").split(File::PATH_SEPARATOR).any? { |folder| File.executable?(File.join(folder, name)) }
  end

  def left_out(name, check)
    puts "skipped: #{name}, since #{check[:needs]} is not there: #{check[:from]}"
    Tally.new(skipped: 1)
  end
end
