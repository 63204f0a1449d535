# frozen_string_literal: true

RSpec.describe "a forked process" do
  let(:krayin) { SimulatedKrayin.of("2.1.0") }

  it "works at once, and leaves its parent's calls alone" do
    script = <<~'RUBY'
      url, token = ARGV
      client = KrayinSync::Api::BaseClient.new(url, token)
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
    output, status = Child.run(script, krayin.url, SimulatedKrayin::TOKEN)
    expect(output).to eq("0 0 0\n2\n")
    expect(status).to be_success
  end
end
