# frozen_string_literal: true

module KrayinSync
  # What was made of something, for when it comes again. More are forgotten at once, so that it does not grow with what
  # a process ever saw.
  # @api private
  class Remembered
    # @param most [Integer]
    def initialize(most)
      @most = most
      @values = {}
    end

    # @return [Object, nil]
    def [](key) = @values[key]

    def []=(key, value)
      @values = {} if @values.size >= @most
      @values[key] = value
    end

    # @return [Object] what the block makes of it, once
    def fetch(key) = @values.fetch(key) { self[key] = yield }

    # @return [void]
    def forget(key)
      @values.delete(key)
    end
  end
  private_constant :Remembered
end
