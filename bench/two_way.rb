# frozen_string_literal: true

require_relative "figures"
require_relative "../spec/chatwoot/support/small_chatwoot"
require_relative "../spec/two_way/support/hour"

# What looking at colleagues' changes takes, by a clock that is turned on: CHANGES of them in an hour, of leads, persons
# and companies, and hours in which there are none.
class TwoWayBench
  include Figures

  CHANGES = Integer(ENV.fetch("CHANGES", 1_000))
  CONTACTS = Integer(ENV.fetch("CONTACTS", 100))

  def run
    SmallChatwoot.start
    @hour = Hour.new(CONTACTS)
    [*busy, idle]
  ensure
    @hour&.stop
    SmallChatwoot.stop
  end

  private

  def busy
    spent = @hour.pass(3600, changes: CHANGES)
    @hour.pass(60)
    raise "#{@hour.unseen} changes were not seen" unless @hour.unseen.zero?

    [figure("two_way_requests_a_change", "#{CHANGES} changes an hour in Krayin: requests a change", "≤ 1.1",
            [spent.fdiv(CHANGES)], "#{spent} requests"),
     figure("two_way_seconds_to_be_seen", "the same: seconds until the last of them is seen", "≤ 60",
            [@hour.delays.max], format("%.0f on average", @hour.delays.sum / @hour.delays.size))]
  end

  # Once it has noticed.
  def idle
    @hour.pass(7200)
    figure("two_way_idle_requests", "an hour without changes: requests", "≤ 5", [@hour.pass(3600)])
  end
end
