# frozen_string_literal: true

require_relative "tally"

# Several suites under one name.
class Several
  def initialize(*suites)
    @suites = suites
  end

  def there? = @suites.any?(&:there?)

  def run = @suites.select(&:there?).sum(Tally.new, &:run)
end
