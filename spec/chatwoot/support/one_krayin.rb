# frozen_string_literal: true

require_relative "small_chatwoot"

# A small Chatwoot with one account that is connected to one Krayin, for all examples of a file: each example's records
# are its own.
#
#   include_context "with one Krayin", "panel", sync_conversations: true
RSpec.shared_context "with one Krayin" do |name, server: "2.1.0", before_connecting: nil, **settings|
  before(:context) do
    SmallChatwoot.start
    clear
    @krayin = Krayin.new(SmallChatwoot.servers, name, throttle: false, server: server)
    before_connecting&.call(@krayin)
    @account, @hook = connect(@krayin, **settings)
    run_all
  end

  after(:context) do
    @hook&.destroy!
    clear
    @krayin&.stop
  end

  attr_reader :krayin, :account, :hook
end
