# frozen_string_literal: true

require_relative "support/connected"

# What has no event, or no process any more.
RSpec.describe "What would be lost", :whole do
  include_context "with a connected desk", "Lost", sync_conversations: true, sync_messages: true

  it "brings an import over at its end" do
    import = <<~RUBY
      rows = ["name,email,phone_number"] + (1..60).map { |n| "Row \#{n},row\#{n}@import.example," }
      made = DataImport.new(account_id: account, data_type: "contacts")
      made.import_file.attach(io: StringIO.new(rows.join("\n")), filename: "rows.csv", content_type: "text/csv")
      made.save!
      # It waits a minute for its file to be where all can read it.
      Sidekiq::ScheduledSet.new.find { |job| job.display_class == "DataImportJob" }&.add_to_queue
      made.id
    RUBY
    inside(import, account: @desk.account)
    mails = ->(records) { records["persons"].count { |person| person["emails"].to_s.include?("@import.example") } }
    eventually(120) { mails[@krayin.records] >= 60 }
    settle
    expect(mails[@krayin.records]).to eq(60)
  end

  it "leaves nothing behind when it is uninstalled" do
    inside("KrayinSync::Chatwoot::SetupJob.enqueue(0); KrayinSync::Chatwoot::JobRegistry.queue('0:contact:1'); 1")
    told = rake("krayin_sync:uninstall")
    expect(told).to match(/\d+ jobs, \d+ keys/)
    # That a process runs it says itself, as long as it runs.
    left = <<~RUBY
      keys = Sidekiq.redis { |redis| redis.call("KEYS", "krayin_sync:*") } - ["krayin_sync:processes"]
      [Sidekiq::Cron::Job.find("krayin_sync_sweep").nil?, keys,
       Sidekiq::ScheduledSet.new.map(&:klass).grep(/Krayin/)]
    RUBY
    expect(inside(left)).to eq([true, [], []])
  ensure
    WholeChatwoot.command("restart", "sidekiq")
  end
end
