# frozen_string_literal: true

require_relative "support/small_chatwoot"
require_relative "../support/supported"

RSpec.describe "The versions that run here", :chatwoot do
  before(:context) { SmallChatwoot.start }

  it "are told as tried" do
    running = { "Ruby" => RUBY_VERSION, "Rails" => Rails.version, "Sidekiq" => Sidekiq::VERSION,
                "PostgreSQL" => ActiveRecord::Base.connection.select_value("SHOW server_version") }
    expect(running.reject { |name, version| Supported.tried?(name, version) }).to eq({})
  end
end
