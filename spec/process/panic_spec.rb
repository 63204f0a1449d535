# frozen_string_literal: true

RSpec.describe "a panic in the core" do
  it "is an error like others, on the runtime and on the calling thread" do
    script = <<~'RUBY'
      3.times do
        %i[task here].each do |place|
          KrayinSync::Native.panic(place)
        rescue StandardError => e
          puts "#{e.class}: #{e.message[/Nothing is lost/]}"
        end
      end
      puts KrayinSync::Api::BaseClient.new(*ARGV).get("get")["data"]["id"]
    RUBY
    output, status = Child.run(script, SimulatedKrayin.of("2.1.0").url, SimulatedKrayin::TOKEN)
    lines = output.lines(chomp: true).grep(/\AKrayinSync|\A\d+\z/)
    expect(lines).to eq((["KrayinSync::InternalError: Nothing is lost"] * 6) + ["2"])
    # Where, and not on what.
    expect(output.scan("krayin_sync: panicked at ext/krayin_sync/src/park.rs:").size).to eq(6)
    expect(output).not_to include("on purpose")
    expect(status).to be_success
  end
end
