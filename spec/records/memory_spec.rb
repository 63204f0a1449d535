# frozen_string_literal: true

require "spec_helper"
require_relative "../support/records_contract"

RSpec.describe KrayinSync::Records::Memory do
  subject(:records) { described_class.new }

  it_behaves_like "a place for ids"
end
