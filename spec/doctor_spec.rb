# frozen_string_literal: true

require "open3"

RSpec.describe KrayinSync::Doctor do
  def doctor(url, token, *options)
    program = File.expand_path("../bin/krayin-sync", __dir__)
    Open3.capture2e({ "KRAYIN_API_TOKEN" => nil }, RbConfig.ruby, program, "doctor", "--url", url, *options,
                    stdin_data: "#{token}\n")
  end

  it "says how a good Krayin is" do
    output, status = doctor(SimulatedKrayin.of("2.1.0").url, SimulatedKrayin::TOKEN)
    expect(output).to match(/^ok    address   .*dialect rest_api$/)
    expect(output).to match(/^ok    pipeline  Default Pipeline \(1\), new leads begin at New \(1\)$/)
    expect(output).to match(/^note  server    60 requests a minute/)
    expect(output).not_to include(SimulatedKrayin::TOKEN)
    expect(status).to be_success
  end

  it "says which yes/no attributes a write could set to no" do
    krayin = SimulatedKrayin.new("2.1.0")
    flag = { code: "vip", name: "VIP", type: "boolean", entity_type: "persons", is_required: 0, is_unique: 0,
             quick_add: 0 }
    made = Net::HTTP.post(URI("#{krayin.url}/settings/attributes"), JSON.generate(flag),
                          "Authorization" => "Bearer #{SimulatedKrayin::TOKEN}", "Content-Type" => "application/json",
                          "Accept" => "application/json")
    expect([made.code, made.body]).to include("200")
    output, = doctor(krayin.url, SimulatedKrayin::TOKEN)
    expect(output).to match(/^note  server .*\(persons\.vip\): choose by on_yes_no/)
  end

  it "says what fails, and what would mend it" do
    krayin = SimulatedKrayin.of("2.1.0")
    blind = SimulatedKrayin.new("2.1.0", "--view-permission", "individual")
    port = TCPServer.open("127.0.0.1", 0) { |server| server.addr[1] }
    { [krayin.url, "1|wrong"] => /^FAIL  token .*Create a new API token/,
      ["http://127.0.0.1:#{port}", "1|a"] => /^FAIL  address .*Check that Krayin is running/,
      ["http://crm.test", "1|a"] => /^FAIL  settings .*in the open/,
      [blind.url, SimulatedKrayin::TOKEN] => /^FAIL  user .*global view permission/ }.each do |(url, token), line|
      output, status = doctor(url, token)
      expect(output).to match(line)
      expect(status.exitstatus).to eq(1)
    end
    expect(doctor(krayin.url, "x", "--token", "1|a").last.exitstatus).not_to eq(0)
  ensure
    blind&.stop
  end
end
