# frozen_string_literal: true

RSpec.describe "a forked process" do
  let(:krayin) { SimulatedKrayin.of("2.1.0") }

  def run(script) = Child.run(script, krayin.url, SimulatedKrayin::TOKEN)

  it "works at once, and leaves its parent's calls alone" do
    output, status = run(<<~'RUBY')
      client = KrayinSync::Api::BaseClient.new(*ARGV)
      client.get("get")
      busy = Thread.new { 20.times { client.get("get") } }
      children = 3.times.map do
        fork do
          exit!(client.get("get")["data"]["id"] == 2 && Thread.list.size == 1 ? 0 : 1)
        end
      end
      puts children.map { |pid| Process.wait2(pid).last.exitstatus }.join(" ")
      busy.join
      puts client.get("get")["data"]["id"]
    RUBY
    expect(output).to eq("0 0 0\n2\n")
    expect(status).to be_success
  end

  it "works when its parent never made a call, as under a preloading Puma, and as a daemon" do
    output, status = run(<<~'RUBY')
      client = KrayinSync::Api::BaseClient.new(*ARGV)
      children = 2.times.map { fork { exit!(client.get("get")["data"]["id"] == 2 ? 0 : 1) } }
      puts children.map { |pid| Process.wait2(pid).last.exitstatus }.join(" ")
      client.get("get")
      reader, writer = IO.pipe
      unless fork
        reader.close
        Process.daemon(true, true)
        writer.puts client.get("get")["data"]["id"]
        exit!
      end
      writer.close
      puts reader.read
    RUBY
    expect(output).to eq("0 0\n2\n")
    expect(status).to be_success
  end

  it "leaves nothing behind, two hundred times, while eight threads are in calls" do
    output, status = run(<<~'RUBY')
      client = KrayinSync::Api::BaseClient.new(*ARGV)
      stop = false
      busy = 8.times.map { Thread.new { client.get("get") until stop } }
      files = -> { Dir.children("/proc/self/fd").size }
      threads = -> { Dir.children("/proc/self/task").size }
      sleep 0.2
      before = [files.call, threads.call]
      failed = 200.times.count do
        pid = fork { exit!(client.get("get")["data"]["id"] == 2 ? 0 : 1) }
        !Process.wait2(pid).last.success?
      end
      after = [files.call, threads.call]
      stop = true
      busy.each(&:join)
      puts failed, (after[0] - before[0]).abs <= 2, after[1] == before[1]
    RUBY
    expect(output).to eq("0\ntrue\ntrue\n")
    expect(status).to be_success
  end
end
