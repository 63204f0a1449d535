# frozen_string_literal: true

# The list of what changed, newest first: "## Unreleased" becomes the release, unless it bears its version already.
class Changelog
  HEAD = "## Unreleased\n"

  def initialize(text)
    @text = text
  end

  # @return [String] what is new since the last release; empty where nothing is
  def news = under(/#{HEAD}/o)

  # @return [String] what is new with a version that has its day already; empty where there is no such version, or an
  #   older one
  def of(version)
    newest = @text[/^## (?!Unreleased)(\S+) \(/, 1]
    newest == version ? under(/## #{Regexp.escape(version)} \(\d{4}-\d\d-\d\d\)\n/) : ""
  end

  # @return [String] the whole, with the news under a version and a day
  def released(version, day) = @text.sub(/^#{HEAD}/o) { "## #{version} (#{day})\n" }

  private

  def under(head) = @text[/^#{head}(.*?)(?=^## |\z)/m, 1].to_s.strip
end
