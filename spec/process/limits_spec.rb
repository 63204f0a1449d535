# frozen_string_literal: true

# What the system refuses is an error of the gem's own, and the process goes on as soon as it is given.
RSpec.describe "a process at its limits" do
  let(:krayin) { SimulatedKrayin.of("2.1.0") }

  def run(script, *rest, **how) = Child.run(preamble + script, krayin.url, SimulatedKrayin::TOKEN, *rest, **how)

  let(:preamble) { <<~'RUBY' }
    CLIENT = KrayinSync::Api::BaseClient.new(ARGV[0], ARGV[1])
    def told
      yield
    rescue KrayinSync::Error => e
      puts "#{e.class}: #{e.message}"
    end
    # With this soft limit, and back.
    def limited(name, soft)
      before = Process.getrlimit(name)
      Process.setrlimit(name, soft, before[1])
      yield
    ensure
      Process.setrlimit(name, *before)
    end
    # With every file open that may be.
    def without_files
      spare = []
      limited(:NOFILE, 64) do
        loop { spare << File.open(File::NULL) }
      rescue SystemCallError
        yield
      end
    ensure
      spare.each(&:close)
    end
    def good = CLIENT.get("get")["data"]["id"]
  RUBY

  panics = <<~'RUBY'
    %i[task here].each do |place|
      KrayinSync::Native.panic(place)
    rescue KrayinSync::InternalError => e
      puts e.class
    end
    puts good
  RUBY
  # What the process said of it, and how it ended.
  let(:lived) { ["KrayinSync::InternalError\nKrayinSync::InternalError\n2\n", be_success] }

  { "is closed" => "2>&-", "is full" => "2>/dev/full", "is a pipe that nobody reads" => "2> >(true)" }
    .each do |ending, redirection|
    it "lives through a panic when standard error #{ending}" do
      shell = ["bash", "-c", "\"$0\" \"$@\" #{redirection}"]
      expect(run("sleep 0.1\n#{panics}", within: shell)).to match(lived)
    end
  end

  it "lives through a panic when standard error is a pipe that is full, and its reader stuck" do
    output = run(<<~'RUBY' + panics)
      reader, writer = IO.pipe
      begin
        loop { writer.write_nonblock("x" * 4096) }
      rescue IO::WaitWritable
        writer.fcntl(4, writer.fcntl(3) & ~File::NONBLOCK) # F_SETFL, F_GETFL
      end
      $stderr.reopen(writer)
    RUBY
    expect(output).to match(lived)
  end

  it "can start no thread: calls go on, and what takes one says so" do
    scheduler = File.expand_path("../support/fiber_scheduler.rb", __dir__)
    output, status = run(<<~'RUBY', scheduler)
      require ARGV[2]
      GC.start
      by_name = KrayinSync::Api::BaseClient.new(ARGV[0].sub("127.0.0.1", "localhost"), ARGV[1])
      # Nobody counts root's.
      Process::UID.change_privilege(65_534) if Process.uid.zero?
      Thread.new do
        Fiber.set_scheduler(FiberScheduler.new)
        limited(:NPROC, 0) do
          Fiber.schedule { told { good } }
          Fiber.set_scheduler(nil)
          puts good
          told { by_name.get("get") }
        end
      end.join
      puts good, by_name.get("get")["data"]["id"]
    RUBY
    fiber, call, by_name, *later = output.lines(chomp: true)
    expect(fiber).to start_with("KrayinSync::ResourceError: The process can have no more threads")
    expect(by_name).to match(/\AKrayinSync::UnavailableError: .*can have no more threads/)
    expect([call, *later]).to eq(%w[2 2 2])
    expect(status).to be_success
  end

  it "can open no file, before its first call and after it" do
    output, status = run(<<~'RUBY')
      without_files { told { good } }
      puts good
      busy = KrayinSync::Api::BaseClient.new(ARGV[0].sub("127.0.0.1", "127.0.0.2"), ARGV[1])
      without_files { told { busy.get("get") } }
      puts good
    RUBY
    expect(output.lines.map { |line| line[/\A\w+(?:::\w+)?/] })
      .to eq(%w[KrayinSync::ResourceError 2 KrayinSync::UnavailableError 2])
    expect(status).to be_success
  end

  it "can open no file for a fiber to wait at" do
    scheduler = File.expand_path("../support/fiber_scheduler.rb", __dir__)
    output, status = run(<<~'RUBY', scheduler)
      require ARGV[2]
      good
      Thread.new do
        Fiber.set_scheduler(FiberScheduler.new)
        Fiber.schedule do
          without_files { told { good } }
          puts good
        end
      end.join
    RUBY
    expect(output).to match(/\AKrayinSync::ResourceError: The process can have no more files.*\n2\n\z/)
    expect(status).to be_success
  end

  it "has no certificates: what needs none works, and https says what is missing" do
    none = { "SSL_CERT_FILE" => "/nonexistent/file", "SSL_CERT_DIR" => "/nonexistent" }
    output, status = run(<<~'RUBY', env: none)
      puts good
      told { KrayinSync::Api::BaseClient.new("https://127.0.0.1:9", "1|a").get("get") }
    RUBY
    expect(output).to match(/\A2\nKrayinSync::\w+: .*certificate/i)
    expect(status).to be_success
  end

  it "can open no file to read certificates from, and can later" do
    output, status = run(<<~'RUBY')
      good
      https = KrayinSync::Api::BaseClient.new("https://127.0.0.1:9", "1|a")
      without_files { told { https.get("get") } }
      told { https.get("get") }
      puts good
    RUBY
    expect(output.lines.map { |line| line[/\A\w+(?:::\w+)?/] })
      .to eq(%w[KrayinSync::ResourceError KrayinSync::UnavailableError 2])
    expect(status).to be_success
  end

  it "has no memory for what it is given" do
    output, status = run(<<~'RUBY')
      good
      text = "<b>x</b> & " * 300_000
      works = [
        -> { CLIENT.post("tags", { name: text }) },
        -> { KrayinSync::Mappers::ContactMapper.map_to_person({ name: text, phone_number: text }) },
        -> { KrayinSync::Mappers::ContactMapper.map_to_lead({ name: "x", custom_attributes: { a: text } }, 1, {}) },
        -> { KrayinSync::Mappers::MessageMapper.map_to_activity({ id: 1, content: text }, 1, {}) },
        -> { KrayinSync::ExternalId.parse(text) },
        -> { KrayinSync::Settings.read({ "default_title" => text }) }
      ]
      # Ruby has its own word for what it lacks itself, and ends the process where it has no memory for that word.
      ends = [*(0..12), *(16..96).step(16)].product(works).map do |size, work|
        (reader, writer), (said, errors) = IO.pipe, IO.pipe
        pid = fork do
          $stderr.reopen(errors)
          taken = File.read("/proc/self/status")[/VmSize:\s+(\d+)/, 1].to_i * 1024
          limited(:AS, taken + (size * 1_500_000)) do
            work.call
          rescue NoMemoryError, KrayinSync::Error => e
            writer.write(e.class)
          end
          exit!(0)
        end
        Process.wait(pid)
        [writer, errors].each(&:close)
        words = said.read
        is_rubys = words.start_with?("[FATAL] failed to allocate memory") && $?.exitstatus == 1
        puts "size #{size}, work #{works.index(work)}: #{$?} #{words}" unless $?.success? || is_rubys
        reader.read
      end
      puts ends.tally.slice("", "KrayinSync::ResourceError").keys.sort.inspect
    RUBY
    expect(output).to eq(%(["", "KrayinSync::ResourceError"]\n))
    expect(status).to be_success
  end

  it "has no memory for an answer" do
    body = JSON.generate(x: "y" * 6_999_992)
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: #{body.bytesize}\r\n\r\n"
    large = RawServer.new { head + body }
    output, status = run(<<~'RUBY', large.url)
      good
      held = KrayinSync::Api::BaseClient.new(ARGV[2], "1|a")
      taken = File.read("/proc/self/status")[/VmSize:\s+(\d+)/, 1].to_i * 1024
      limited(:AS, taken + 20_000_000) { told { held.get("get") } }
      puts held.get("get")["x"].size, good
    RUBY
    expect(output).to match(/\AKrayinSync::\w+: .*larger than the memory.*\n6999992\n2\n\z/)
    expect(status).to be_success
  ensure
    large&.stop
  end
end
