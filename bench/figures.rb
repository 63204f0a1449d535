# frozen_string_literal: true

# Two ways in turn, round by round, so that a machine that slows down slows both: a ratio a round, and the spread.
module Figures
  Figure = Struct.new(:key, :name, :must, :median, :least, :most, :note) do
    def met?
      return true unless must

      must.start_with?("≤") ? median <= must[/[\d.]+/].to_f : median >= must[/[\d.]+/].to_f
    end
  end

  module_function

  def ratios(rounds, &)
    rounds.times.map(&)
  end

  def figure(key, name, must, values, note = nil)
    sorted = values.sort
    Figure.new(key, name, must, sorted[sorted.size / 2], sorted.first, sorted.last, note)
  end

  def wall = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  # All threads of this process, the extension's among them.
  def cpu = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)

  # @return [Array(Float, Float)] wall and CPU seconds
  def cost
    began = [wall, cpu]
    yield
    [wall - began[0], cpu - began[1]]
  end
end
