# frozen_string_literal: true

RSpec.describe "a Ractor that is not the main one" do
  it "is told so by whatever it calls, and the main one works on" do
    krayin = SimulatedKrayin.of("2.1.0")
    output, status = Child.run(<<~'RUBY', krayin.url, SimulatedKrayin::TOKEN)
      Thread.report_on_exception = false
      hook = "Struct.new(:settings).new({})"
      [
        'KrayinSync::Mappers::ContactMapper.map_to_person({ name: "x" })',
        'KrayinSync::Mappers::ConversationMapper.map_to_activity({ id: 1 }, 1, {})',
        'KrayinSync::Mappers::MessageMapper.map_to_activity({ id: 1 }, 1, {})',
        'KrayinSync::ExternalId.parse("krayin:person:1")',
        'KrayinSync::ExternalId.build({ person: 1 })',
        'KrayinSync::Api::BaseClient.new("http://127.0.0.1:9", "1|a")',
        "KrayinSync::ProcessorService.new(hook: #{hook}, event_name: 'contact.created', event_data: {})",
        "KrayinSync::SetupService.new(hook: #{hook}, api_url: 'http://127.0.0.1:9', api_token: '1|a').perform"
      ].each do |call|
        ractor = Ractor.new(call) { |text| eval(text) }
        ractor.respond_to?(:value) ? ractor.value : ractor.take
        puts "answered: #{call}"
      rescue Ractor::RemoteError => e
        puts e.cause.class == KrayinSync::Error ? e.cause.message[/main Ractor alone/] : "#{call}: #{e.cause.inspect}"
      end
      puts KrayinSync::Api::BaseClient.new(*ARGV).get("get")["data"]["id"]
    RUBY
    expect(output.lines(chomp: true)).to eq((["main Ractor alone"] * 8) + ["2"])
    expect(status).to be_success
  end
end
