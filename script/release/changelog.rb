# frozen_string_literal: true

# The list of what changed, newest first: "## Unreleased" becomes the release.
class Changelog
  HEAD = "## Unreleased\n"

  def initialize(text)
    @text = text
  end

  # @return [String] what is new since the last release; empty where nothing is
  def news = @text[/^#{HEAD}(.*?)(?=^## |\z)/m, 1].to_s.strip

  # @return [String] the whole, with the news under a version and a day
  def released(version, day) = @text.sub(/^#{HEAD}/) { "#{HEAD}\n## #{version} (#{day})\n" }
end
