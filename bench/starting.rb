# frozen_string_literal: true

require "json"
require "rbconfig"

# What a process pays once: loading the gem, and its first contact.
module Starting
  private

  # What a process's first contact takes of the processor beyond its hundredth.
  def first_use
    script = <<~RUBY
      require "krayin_sync"
      hook = Struct.new(:app_id, :settings).new("krayin", JSON.parse(ARGV[0]))
      spent = (1..100).map do |n|
        began = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
        contact = { id: n, name: "First \#{n}", email: "first.\#{n}.\#{ARGV[1]}@example.com",
                    phone_number: format("+1415%07d", 3_000_000 + ARGV[1].to_i * 100 + n) }
        KrayinSync::ProcessorService.new(hook: hook, event_name: "contact.created",
                                         event_data: { contact: contact }).perform
        Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - began
      end
      print (spent.first - spent.last) * 1000
    RUBY
    settings = JSON.generate(hook(@servers.krayin).settings)
    command = [RbConfig.ruby, "-I", File.expand_path("../lib", __dir__), "-e", script, settings]
    times = (1..Bench::ROUNDS).map { |round| Float(IO.popen([*command, round.to_s], &:read)) }
    [figure("first_use_ms", "the first contact after boot, above the hundredth: ms of CPU", "≤ 5", times)]
  end

  def loading
    script = "t = Process.clock_gettime(Process::CLOCK_MONOTONIC); require 'krayin_sync'; " \
             "print Process.clock_gettime(Process::CLOCK_MONOTONIC) - t"
    lib = File.expand_path("../lib", __dir__)
    command = [RbConfig.ruby, "-I", lib, "-r", "json", "-r", "openssl", "-e", script]
    times = ratios(Bench::ROUNDS) { Float(IO.popen(command, &:read)) * 1000 }
    size = File.size(Dir["#{lib}/krayin_sync/krayin_sync.{so,bundle}"].first) / 1024.0 / 1024
    [figure("require_ms", "require \"krayin_sync\" (json and openssl loaded): ms", "≤ 30", times),
     figure("library_mib", "size of the library: MiB", "≤ 6", [size])]
  end
end
