# frozen_string_literal: true

require_relative "support/whole_chatwoot"
require_relative "../support/supported"

RSpec.describe "The versions of the whole Chatwoot", :whole do
  it "are told as tried" do
    running = WholeChatwoot.inside(<<~RUBY)
      { "Chatwoot" => Chatwoot.config[:version], "Ruby" => RUBY_VERSION, "Rails" => Rails.version,
        "Sidekiq" => Sidekiq::VERSION, "PostgreSQL" => ActiveRecord::Base.connection.select_value("SHOW server_version") }
    RUBY
    expect(running.reject { |name, version| Supported.tried?(name, version) }).to eq({})
  end
end
