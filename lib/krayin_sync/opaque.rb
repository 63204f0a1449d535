# frozen_string_literal: true

module KrayinSync
  # What holds a token or people's data shows neither, in whichever way it is written out: Ruby and ActiveSupport would
  # write out every variable of it.
  # @api private
  module Opaque
    # By what the class is written as: it may have a +name+ of its own.
    def inspect = "#<#{self.class}>"

    # Of a struct that is all of its fields.
    def to_s = inspect

    def as_json(*) = inspect

    def to_json(*) = JSON.generate(inspect)
  end
end
