# frozen_string_literal: true

RSpec.describe "the version" do
  it "is the same in Ruby and in Rust" do
    expect(KrayinSync::Native::VERSION).to eq(KrayinSync::VERSION)
  end
end
