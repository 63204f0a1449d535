# frozen_string_literal: true

require "csv"
require_relative "support/connected"

# Contacts from a file, by the endpoint that Chatwoot's page uses; CONTACTS says how many.
RSpec.describe "An import of contacts", :whole do
  count = Integer(ENV.fetch("CONTACTS", "1000"))

  include_context "with a connected desk", "Import", sync_to_organization: true

  before(:context) { @neighbour = WholeChatwoot::Desk.new("Import's neighbour") }

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  def addresses(known) = known["persons"].flat_map { |person| person["emails"].map { |email| email["value"] } }

  def import(rows)
    file = CSV.generate do |csv|
      csv << %w[name email phone_number company_name city]
      rows.each { |row| csv << row }
    end
    request = Net::HTTP::Post.new("/api/v1/accounts/#{desk.account}/contacts/import")
    request["api_access_token"] = desk.token
    request.set_form([["import_file", file, { filename: "contacts.csv", content_type: "text/csv" }]],
                     "multipart/form-data")
    expect(WholeChatwoot.send_request(request).status).to eq(200)
    # Chatwoot gives the file a minute to arrive.
    eventually { inside(begin_import).positive? }
  end

  begin_import = <<~RUBY
    Sidekiq::ScheduledSet.new.select { |job| job.display_class == "DataImportJob" }.each(&:add_to_queue).size
  RUBY
  define_method(:begin_import) { begin_import }

  # Those of Chatwoot's own jobs that wait: what a visitor says is among them.
  waiting = "(Sidekiq::Queue.all.map(&:name) - ['krayin_sync']).sum { |name| Sidekiq::Queue.new(name).size }"

  it "brings each over once, keeps nobody else waiting, and knows them all when they are imported again" do
    rows = Array.new(count) do |n|
      ["Imported #{n}", "imported#{n}@import.example", format("+49301%06d", n), "Company #{n % 50}", "Lisbon"]
    end
    began = now
    import(rows)
    eventually { krayin.records["persons"].any? }
    # Somebody writes to a desk that has nothing to do with it.
    @neighbour.visitor.begin_chat("Is anybody there?", name: "Nele", email: "nele@neighbour.example")
    eventually { inside(waiting).zero? }
    left = count - krayin.records["leads"].size
    seen = @neighbour.agent.get("/conversations").body.dig("data", "payload", 0, "messages", 0, "content")
    expect([seen, left]).to match(["Is anybody there?", be_positive])
    eventually(1800, step: 1) { krayin.records["leads"].size >= count }
    puts "", "#{count} imported contacts are in Krayin #{(now - began).round} s after that began; #{left} were " \
             "still to come when all of Chatwoot's own work was done"
    settle(600)
    known = krayin.records
    expect(addresses(known)).to match_array(rows.map { |row| row[1] })
    expect(known["leads"].map { |lead| lead["person_id"] }).to match_array(known["persons"].map { |one| one["id"] })
    expect(known["organizations"].size).to eq([50, count].min)

    import([["Imported Anew", "imported1@import.example", "+49301000001", "Company 1", "Porto"],
            ["Imported Late", "late@import.example", nil, nil, nil]])
    eventually { krayin.person("imported1@import.example")["name"] == "Imported Anew" }
    eventually { krayin.person("late@import.example") }
    settle
    expect(addresses(krayin.records)).to match_array(rows.map { |row| row[1] } << "late@import.example")
    expect(dead_jobs).to eq([])
  end
end
