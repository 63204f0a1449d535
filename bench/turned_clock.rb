# frozen_string_literal: true

# Runs jobs beside one another by a clock that goes on at once where all of them sleep: what they do takes the time it
# takes, and what they wait for takes none.
class TurnedClock
  # @return [Float] seconds that nobody had to wait for
  attr_reader :turned

  # @yieldparam seconds [Integer] by which all that waits is to come nearer: whole ones, and what is left of them passes
  def initialize(&turn)
    @turn = turn
    @turned = 0.0
    @began = real
    @mutex = Mutex.new
    @sleepers = {}
    @awake = 0
  end

  # @return [Float] seconds since it was made, by this clock
  def now = @turned + real - @began

  # @param jobs [Array<#call>]
  # @return [void] once all of them have ended
  def run(jobs)
    @mutex.synchronize { @awake += jobs.size }
    threads = jobs.map { |job| Thread.new { work(job) } }
    threads.each(&:join)
  end

  # @param seconds [Numeric]
  # @return [void] once they have passed for the job that asks
  def sleep(seconds)
    woken = ConditionVariable.new
    @mutex.synchronize do
      @sleepers[woken] = now + seconds
      @awake -= 1
      go_on
      woken.wait(@mutex) while @sleepers.key?(woken)
    end
  end

  # @param seconds [Numeric]
  # @return [void] while no job runs
  def pass(seconds)
    seconds = [seconds, 0].max
    whole = seconds.floor
    if whole.positive?
      @turned += whole
      @turn.call(whole)
    end
    Kernel.sleep([seconds - whole, 0.001].max)
  end

  private

  def real = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  def work(job)
    job.call
  ensure
    @mutex.synchronize do
      @awake -= 1
      go_on
    end
  end

  # Where nobody is awake, to whoever sleeps the shortest.
  def go_on
    return if @awake.positive? || @sleepers.empty?

    pass(@sleepers.values.min - now)
    due = @sleepers.select { |_, at| at <= now }
    due.each_key do |woken|
      @sleepers.delete(woken)
      @awake += 1
      woken.signal
    end
  end
end
