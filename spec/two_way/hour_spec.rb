# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "support/hour"

# A thousand changes an hour, at the price of looking: requests are counted, and time is by a clock that is turned on.
RSpec.describe "An hour of colleagues' changes", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    @hour = Hour.new(12)
  end

  after(:context) { @hour&.stop }

  it "takes a request a change at most, each is seen within a minute, and nothing costs five an hour" do
    spent = @hour.pass(300, changes: 83)
    @hour.pass(60)
    expect([@hour.unseen, @hour.delays.max <= 60, spent <= 83 * 1.1]).to eq([0, true, true])
    @hour.pass(7200)
    expect(@hour.pass(3600)).to be <= 5
  end
end
