# frozen_string_literal: true

require_relative "../script/errors"

RSpec.describe "The table of errors" do
  let(:table) { KrayinSync::Error.table }

  it "made the documentation's as it is; `ruby script/errors.rb` writes it" do
    expect(ErrorTable.document).to be_written
  end

  it "has each class that is raised, and what each is" do
    raised = KrayinSync.constants.map { |name| KrayinSync.const_get(name) }
                       .select { |found| found.is_a?(Class) && found < KrayinSync::Error }
    expect(table.map { |row| row[:class] }).to match_array(raised - [KrayinSync::ApiError])
    table.each do |row|
      expect(row[:code]).to eq(row[:class]::CODE)
      expect(row[:advice]).to match(/\A[A-Z].*\.\z/)
      expect(row[:executed] - %i[yes no unknown]).to eq([])
      error = row[:class].new("x")
      expect(error.reason.code).to eq(row[:code])
      expect(error.retriable?).to eq(row[:retriable])
      expect(error.reason.sentence("en")).not_to eq(row[:code])
    end
  end

  it "has one comment a class, with its code, whether it may pass and whether Krayin acted" do
    source = File.read(File.expand_path("../lib/krayin_sync/errors.rb", __dir__))
    table.each do |row|
      name = row[:class].name.split("::").last
      comment = source[/((?:  #[^\n]*\n)+)  class #{name} </, 1].gsub(/\n? *# ?/, " ")
      expect(comment).to include("Reason: +#{row[:code]}+")
      expect(comment).to include(row[:retriable] ? "; retryable." : "; not retryable."), name
      expect(comment).to match(row[:executed].include?(:unknown) ? /not known/i : /Not executed\.|not executed\./), name
    end
  end
end
