# frozen_string_literal: true

require "krayin_sync"
require_relative "support/simulated_krayin"
require_relative "support/raw_server"
require_relative "support/child"
require_relative "support/heap"

RSpec.configure do |config|
  config.disable_monkey_patching!
  config.order = :random
  Kernel.srand config.seed
  config.expect_with(:rspec) { |expectations| expectations.max_formatted_output_length = 2000 }
  config.before { KrayinSync.records = KrayinSync::Records::Memory.new }
  config.after(:suite) { SimulatedKrayin.stop_all }
end
