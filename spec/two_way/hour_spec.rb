# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "support/hour"

# A thousand changes an hour, at the price of looking: requests are counted, and time is by a clock that is turned on.
RSpec.describe "An hour of colleagues' changes", :chatwoot do
  before { SmallChatwoot.start }
  after { @hour&.stop }

  def expect_price
    spent = @hour.pass(300, changes: 83)
    @hour.pass(60)
    expect([@hour.unseen, @hour.delays.max <= 60, spent <= 83 * 1.1]).to eq([0, true, true])
    @hour.pass(7200)
    expect(@hour.pass(3600)).to be <= 5
  end

  it "takes a request a change at most, each is seen within a minute, and nothing costs five an hour" do
    @hour = Hour.new(12)
    expect_price
  end

  it "takes no more where each is a move and the conversation is told by whom" do
    @hour = Hour.new(12, kinds: [:stage], spoken: true, two_way_lines: true, two_way_line_names: true)
    expect_price
    lines = Message.where(account_id: @hour.account.id, message_type: :activity).pluck(:content)
    expect(lines.grep(/\AExample Admin moved the lead to /).size).to be > 12
  end
end
