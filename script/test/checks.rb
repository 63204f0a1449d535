# frozen_string_literal: true

require_relative "command"
require_relative "tally"

# Commands that pass or fail as a whole: {"name" => {command:, env:}}
class Checks
  def initialize(checks)
    @checks = checks
  end

  def there? = true

  def run
    @checks.sum(Tally.new) do |name, check|
      good = Command.run(*check[:command], env: check.fetch(:env, {}))
      puts "#{good ? "ok" : "FAILED"}: #{name}"
      good ? Tally.new(passed: 1) : Tally.new(failed: 1, bad: [name])
    end
  end
end
