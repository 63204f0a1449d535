# frozen_string_literal: true

require "active_support"
require "active_support/notifications"

RSpec.describe KrayinSync::Instrumentation do
  let(:krayin) { SimulatedKrayin.of("2.1.0") }

  after { KrayinSync.logger = nil }

  it "tells ActiveSupport of each attempt and of the event" do
    told = []
    note = ->(name, *, payload) { told << [name, payload] }
    subscriber = ActiveSupport::Notifications.subscribe(/\.krayin_sync\z/, note)
    contact = { id: 900, name: "Told", email: "told@example.com" }
    KrayinSync::ProcessorService.new(
      inbox: nil, hook: krayin.hook, event_name: "contact.created", event_data: { contact: contact }
    ).perform
    expect(told.map(&:first)).to eq(%w[request.krayin_sync request.krayin_sync perform.krayin_sync])
    expect(told[0][1]).to include(method: "GET", path: "contacts/persons/search", status: 200, attempt: 1)
    expect(told[2][1]).to include(event: "contact.created", outcome: a_hash_including(status: "synced"))
    expect(told.to_s).not_to include("told@example.com")
  ensure
    ActiveSupport::Notifications.unsubscribe(subscriber)
  end

  it "logs what failed, and when it comes back" do
    log = StringIO.new
    KrayinSync.logger = Logger.new(log)
    answers = ["503 Busy", "200 OK"]
    server = RawServer.new do
      "HTTP/1.1 #{answers.shift}\r\nContent-Length: 2\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n{}"
    end
    KrayinSync::Api::BaseClient.new(server.url, "1|secret").get("leads/5", email: "private@example.com")
    line = %r{API GET /leads/\{id\} failed \(attempt 1/3\): the server cannot work now\. Retrying in \d+\.\ds}
    expect(log.string).to match(line)
    expect(log.string).not_to match(/secret|private/)
  ensure
    server&.stop
  end
end
