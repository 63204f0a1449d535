# frozen_string_literal: true

require_relative "../support/limiter_store"

RSpec.describe KrayinSync::LimiterStore::Memory do
  let(:store) { described_class.new }
  let(:twin) { store }

  it_behaves_like "a limiter's store"
end
