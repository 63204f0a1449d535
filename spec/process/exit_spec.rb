# frozen_string_literal: true

RSpec.describe "a process that ends with a call under way" do
  let(:server) { RawServer.new { nil } }

  after { server.stop }

  def ended(script)
    Child.run(script, server.url)
  end

  it "ends at once by its end, by exit, by exit! and in at_exit" do
    { "" => 0, "exit 3" => 3, "exit! 4" => 4, "at_exit { puts :bye }" => 0 }.each do |ending, status|
      output, ended = ended(<<~RUBY)
        Thread.new { KrayinSync::Api::BaseClient.new(ARGV[0], "1|a").get("get") }
        sleep 0.2
        #{ending}
      RUBY
      expect(output).to eq(ending.include?("bye") ? "bye\n" : "")
      expect(ended.exitstatus).to eq(status)
    end
  end

  it "may call in at_exit" do
    krayin = SimulatedKrayin.of("2.1.0")
    output, status = Child.run(<<~'RUBY', krayin.url, SimulatedKrayin::TOKEN)
      client = KrayinSync::Api::BaseClient.new(*ARGV)
      at_exit { puts client.get("get")["data"]["id"] }
    RUBY
    expect(output).to eq("2\n")
    expect(status).to be_success
  end
end
