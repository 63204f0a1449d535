# frozen_string_literal: true

# What administrators read in Portuguese and Spanish says what the English does: each section, each row of a table, each
# command and each word of code.
RSpec.describe "docs/ in other languages" do
  root = File.expand_path("../docs", __dir__)
  original = File.read(File.join(root, "administrators.md"), encoding: "UTF-8")

  def sections(text) = text.split(/^## /).map { |section| section.lines.drop(1).join }

  def rows(section) = section.lines.count { |line| line.start_with?("|") }

  def code(section) = section.scan(/`[^`]+`|^    .+$/).map { |word| word.split.join(" ") }.uniq

  %w[pt es].each do |language|
    it "is whole in #{language}" do
      translated = File.read(File.join(root, language, "administrators.md"), encoding: "UTF-8")
      expect(sections(translated).size).to eq(sections(original).size)
      sections(original).zip(sections(translated)).drop(1).each_with_index do |(english, other), number|
        missing = code(english) - code(other)
        expect([number + 1, missing, rows(other)]).to eq([number + 1, [], rows(english)])
      end
    end
  end
end
