# frozen_string_literal: true

module KrayinSync
  # What a process has gathered and not handed on yet: all of it goes at once, some seconds after the first of it came.
  # A child begins with nothing, since its parent hands on its own.
  # @api private
  class Buffer
    # @param seconds [Numeric] for which anything may stay
    # @param flush [#call] what hands it on, by {#take}
    # @yieldreturn [Object] what there is where there is nothing
    def initialize(seconds, flush, &nothing)
      @seconds = seconds
      @flush = flush
      @nothing = nothing
      @mutex = Mutex.new
      empty
    end

    # @param goes [Boolean] whether it is handed on by itself
    # @yieldparam gathered [Object] nobody else's for as long as the block takes
    # @return [Object] of the block
    def use(goes: false)
      @mutex.synchronize do
        empty unless @pid == Process.pid
        answer = yield @gathered
        @flusher ||= flush_later if goes
        answer
      end
    end

    # @return [Object] all that there was
    def take
      use do |gathered|
        empty
        gathered
      end
    end

    private

    def empty
      @pid = Process.pid
      @gathered = @nothing.call
      @flusher = nil
    end

    # A thread that lives until then: none while there is nothing.
    def flush_later
      Thread.new do
        sleep @seconds
        @flush.call
      end
    rescue ThreadError
      nil
    end
  end
  private_constant :Buffer
end
