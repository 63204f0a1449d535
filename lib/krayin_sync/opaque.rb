# frozen_string_literal: true

module KrayinSync
  # What holds a token or people's data shows neither as JSON: ActiveSupport would write out every variable of it.
  # @api private
  module Opaque
    def as_json(*) = inspect

    def to_json(*) = JSON.generate(inspect)
  end
end
