# frozen_string_literal: true

require_relative "specs"

# RSpec files that look at pages: bin/setup brings the browser first.
class BrowserSpecs < Specs
  def run
    return super if system(File.join(ROOT, "bin/setup"), "browser")

    Tally.new(failed: 1)
  end
end
