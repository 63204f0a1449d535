# frozen_string_literal: true

# An installation that says something else for a while.
module Configured
  # Changes what the installation says, for the block.
  def with(**options)
    before = options.to_h { |name, _| [name, KrayinSync.public_send(name)] }
    options.each { |name, value| KrayinSync.public_send(:"#{name}=", value) }
    yield
  ensure
    before.each { |name, value| KrayinSync.public_send(:"#{name}=", value) }
  end
end
