# frozen_string_literal: true

require_relative "../../chatwoot/support/two_way"

# For what fails and dies: no pauses between attempts, and each example from a Krayin that works and an empty Redis.
RSpec.shared_context "with trouble both ways" do
  before(:context) { KrayinSync.retry_base = 0 }

  after(:context) do
    KrayinSync.retry_base = nil
    disconnect_both_ways
  end

  before do
    krayin.heal
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
  end
end
