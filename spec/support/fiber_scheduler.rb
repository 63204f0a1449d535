# frozen_string_literal: true

# The smallest scheduler that runs fibers side by side: waits for files, sleeps and blocks.
class FiberScheduler
  def initialize
    @readable = {}
    @writable = {}
    @sleeping = {}
    @blocked = {}
    @ready = Queue.new
    @wakeup = IO.pipe
  end

  def run
    turn until @readable.empty? && @writable.empty? && @sleeping.empty? && @blocked.empty? && @ready.empty?
  end

  def close = run

  def fiber(&)
    Fiber.new(blocking: false, &).tap(&:resume)
  end

  def io_wait(io, events, timeout)
    fiber = Fiber.current
    @readable[io] = fiber if events.anybits?(IO::READABLE)
    @writable[io] = fiber if events.anybits?(IO::WRITABLE)
    @sleeping[fiber] = now + timeout if timeout
    Fiber.yield
    events
  ensure
    @readable.delete(io)
    @writable.delete(io)
    @sleeping.delete(fiber)
  end

  def kernel_sleep(duration = nil) = block(:sleep, duration)

  def block(_blocker, timeout = nil)
    fiber = Fiber.current
    timeout ? @sleeping[fiber] = now + timeout : @blocked[fiber] = true
    Fiber.yield
  ensure
    @sleeping.delete(fiber)
    @blocked.delete(fiber)
  end

  # From any thread.
  def unblock(_blocker, fiber)
    @ready << fiber
    @wakeup.last.write_nonblock("!")
  end

  def process_wait(pid, flags)
    Thread.new { Process::Status.wait(pid, flags) }.value
  end

  private

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  def turn
    wait = @sleeping.empty? ? nil : [@sleeping.values.min - now, 0].max
    wait = 0 unless @ready.empty?
    readable, writable, = IO.select([@wakeup.first, *@readable.keys], @writable.keys, nil, wait)
    @wakeup.first.read_nonblock(1024, exception: false) if readable&.delete(@wakeup.first)
    due = @sleeping.select { |_, at| at <= now }.keys
    due.concat(@readable.values_at(*readable), @writable.values_at(*writable)).uniq.each { |fiber| go_on(fiber) }
    go_on(@ready.pop) until @ready.empty?
  end

  def go_on(fiber) = fiber.alive? && fiber.resume
end
