# frozen_string_literal: true

require_relative "../support/configured"
require_relative "support/small_chatwoot"
require_relative "support/version_one"

# The jobs run in this process, by what it is configured with.
RSpec.describe "What an installation decides", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    @krayin = Krayin.new(SmallChatwoot.servers, "installation", throttle: false)
  end

  after(:context) { @krayin.stop }

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    @account, @hook = connect(@krayin, sync_conversations: true, sync_messages: true)
    run_all
  end

  after { Integrations::Hook.where(id: @hook.id).destroy_all }

  let(:krayin) { @krayin }
  let(:account) { @account }
  let(:link) { KrayinSync::Records::Link }

  def contact(word) = account.contacts.create!(name: word.capitalize, email: "#{word}@desk.example").tap { run_all }

  def activities_with(words) = krayin.records["activities"].select { |known| known["comment"].to_s.include?(words) }

  describe "when it is uninstalled" do
    let!(:jane) { contact("jane#{rand(1_000_000)}") }

    before do
      OtherJob.perform_later(Time.now.to_f)
      KrayinSync.metrics.event(event: "contact.updated", outcome: { status: "synced" })
      KrayinSync::Chatwoot::SweepJob.enqueue
      KrayinSync::Chatwoot::RecordRef.new(@hook.id, "contact", jane.id).enqueue(delay: 60)
    end

    def left = Sidekiq.redis { |redis| redis.call("KEYS", "krayin_sync:*") }

    def jobs = [*Sidekiq::Queue.all.flat_map(&:to_a), *Sidekiq::ScheduledSet.new].map(&:klass)

    it "leaves no job and no key behind, and keeps connections and ids unless it is told" do
      expect { rake_task("uninstall").invoke }.to output(/\A2 jobs, \d+ keys\n\z/).to_stdout
      KrayinSync.metrics.flush
      expect([left, jobs.grep(/Krayin/), jobs.size]).to eq([[], [], 1])
      expect([Integrations::Hook.exists?(@hook.id),
              link.exists?(kind: "contact", record_id: jane.id)]).to eq([true, true])
    end

    it "takes connections and ids out where it is told, a part at a time" do
      stub_const("KrayinSync::Chatwoot::Uninstall::BATCH", 2)
      5.times { |n| link.create!(kind: "contact", record_id: 9_000_000 + n, instance: "other") }
      count = link.count
      told = /\A2 jobs, \d+ keys, \d+ connections, #{count} links\n\z/
      expect { rake_task("uninstall").invoke("hooks", "links") }.to output(told).to_stdout
      KrayinSync.metrics.flush
      expect([Integrations::Hook.where(app_id: "krayin").count, link.count, left]).to eq([0, 0, []])
      expect(krayin.person(jane.email)).to include("name" => jane.name)
    end
  end

  describe "of a contact that is deleted" do
    include Configured

    around { |example| with(on_contact_deleted: policy) { example.run } }

    let(:gone) { contact("gone#{rand(1_000_000)}") }
    let(:words) { "Words of #{gone.email}" }

    before do
      talk = conversation(gone, inbox(account))
      message(talk, words)
      run_all
      @person = krayin.person(gone.email)
      @links = { "contact" => gone.id, "conversation" => talk.id, "message" => talk.messages.first.id }
      talk.messages.each(&:delete)
      talk.delete
      gone.destroy!
      run_all
    end

    def linked
      @links.select do |kind, id|
        link.where(kind: kind, record_id: id).where("person_id > 0 OR activity_id > 0").exists?
      end.keys
    end

    context "when it is to be kept" do
      let(:policy) { "keep" }

      it "keeps all of it" do
        expect(krayin.person(gone.email)).to eq(@person)
        expect([activities_with(words).size, linked.size]).to eq([2, 3])
      end
    end

    context "when it is to be unlinked and marked" do
      let(:policy) { "unlink_and_mark" }

      it "says so by one note, keeps what was said, and knows none of it any more" do
        expect(krayin.person(gone.email)).to include(@person.slice("name", "emails"))
        notes = krayin.records["activities"].select do |known|
          known["title"] == "Contact deleted in Chatwoot (contact #{gone.id})"
        end
        expect(notes.map { |note| note["person_ids"] }).to eq([[@person["id"]]])
        expect([activities_with(words).size, linked]).to eq([2, []])
        event = { contact_data: { id: gone.id, account_id: account.id } }
        KrayinSync::Chatwoot::Intake.take(@hook, "contact.deleted", event)
        run_all
        expect(krayin.records["activities"].count { |known| known["title"] == notes.first["title"] }).to eq(1)
      end
    end

    context "when it is to be erased" do
      let(:policy) { "erase" }

      it "takes out what was said and who it was" do
        expect([activities_with(words).size, krayin.person(gone.email)]).to eq([0, nil])
      end
    end
  end

  describe "of times" do
    { "inbox" => /15:30/, "utc" => /10:00/ }.each do |zone, shown|
      it "shows them by the clock of #{zone}" do
        @hook.update!(settings: @hook.reload.settings.merge("time_zone" => zone))
        box = inbox(account)
        box.update!(timezone: "Asia/Kolkata")
        at = Time.utc(2026, 11, 24, 10, 0)
        message(conversation(contact("clock-#{zone}"), box, created_at: at), "At ten #{zone}", created_at: at)
        run_all
        expect(activities_with("At ten #{zone}").size).to eq(2)
        expect(activities_with("At ten #{zone}").map { |known| known["comment"] }).to all(match(shown))
      end
    end
  end

  it "calls Twilio's WhatsApp WhatsApp, and its SMS SMS" do
    { "SMS" => 0, "WhatsApp" => 1 }.each do |name, medium|
      box = inbox(account, "TwilioSms")
      box.channel.update_columns(medium: medium)
      tom = contact("tom#{medium}")
      row = ContactInbox.create!(contact: tom, inbox: box, source_id: "+1415555010#{medium}")
      talk = Conversation.create!(account: account, contact: tom, inbox: box, contact_inbox: row)
      message(talk, "By Twilio #{name}!")
      run_all
      shown = activities_with("By Twilio #{name}!").map { |known| "#{known["title"]} #{known["comment"]}" }
      expect(shown.size).to eq(2)
      expect(shown.map { |text| text.gsub("By Twilio #{name}!", "").scan(/SMS|WhatsApp/).uniq }).to all(eq([name]))
    end
  end

  it "notices at its end what an import has written, and nothing where there is no connection" do
    rows = Array.new(7) { |n| { name: "Row #{n}", email: "row#{n}@import.example" } }
    DataImportJob.perform_later(DataImport.create!(account: account, rows: rows))
    run_all
    expect(rows.map { |row| krayin.person(row[:email]) }).to match(rows.map { |row| include("name" => row[:name]) })
    other = Account.create!(name: "Other")
    DataImportJob.perform_now(DataImport.create!(account: other, rows: rows))
    expect(Sidekiq::Queue.all.sum(&:size)).to eq(0)
    expect(other.contacts.count).to eq(7)
  end

  it "notices what a failed import has written before" do
    allow(Contact).to receive(:insert_all).and_wrap_original do |insert, *rows|
      insert.call(*rows)
      raise IOError, "the disk is full"
    end
    import = DataImport.create!(account: account, rows: [{ name: "Half", email: "half@import.example" }])
    expect { DataImportJob.new.perform(import) }.to raise_error(IOError)
    run_all
    expect(krayin.person("half@import.example")).to include("name" => "Half")
  end

  it "uses the pipeline of a new connection, whatever the one before had found" do
    pipeline = krayin.add_pipeline("Chat", "Talk")
    first = contact("first")
    @hook.destroy!
    @hook = account.hooks.create!(app_id: "krayin", settings: krayin.settings(lead_pipeline_id: "Chat"))
    second = contact("second")
    leads = krayin.records["leads"].to_h { |lead| [lead["title"], lead["lead_pipeline_id"]] }
    expect(leads.values_at(first.name, second.name)).to eq([1, pipeline])
  end

  describe "of its database" do
    let(:database) { ActiveRecord::Base.connection }

    around do |example|
      database.execute("SET statement_timeout = '14s'")
      example.run
    ensure
      database.execute("RESET statement_timeout")
    end

    def migration(name)
      template = File.expand_path("../../lib/generators/krayin_sync/install/templates/#{name}.rb.tt", __dir__)
      stub_const("Migrated", Module.new)
      Migrated.module_eval(ERB.new(File.read(template)).result(binding), template)
      Migrated.const_get(Migrated.constants.first).new
    end

    it "makes its table within Chatwoot's limit of a statement" do
      database.transaction do
        database.execute("CREATE SCHEMA apart; SET LOCAL search_path = apart")
        ActiveRecord::Migration.suppress_messages { migration("links").change }
        expect(database.select_value("SELECT count(*) FROM pg_indexes WHERE schemaname = 'apart'")).to eq(10)
        expect(database.select_value("SHOW statement_timeout")).to eq("14s")
        raise ActiveRecord::Rollback
      end
    end

    it "leaves the tables alone that are there, where an image's generator wrote its migrations anew" do
      contents = -> { link.order(:id).pluck(:instance, :record_id, :revision) }
      there = [database.tables.sort, contents.call]
      %w[links backfills looks reconciles history acts].each do |name|
        ActiveRecord::Migration.suppress_messages { migration(name).change }
      end
      expect([database.tables.sort, contents.call]).to eq(there)
    end

    it "moves what version 0.1 kept by statements that hold to it, and takes that version's indexes out" do
      [link, Message, Conversation, Contact].each { |table| table.unscoped.delete_all }
      VersionOne.fill(account, inbox(account), 50)
      database.execute("CREATE INDEX idx_contacts_krayin ON contacts (id)")
      limits = []
      listen = lambda do |*, event|
        next if event[:sql].match?(/SHOW|SCHEMA/) || !event[:sql].match?(/krayin_sync_links|UPDATE/)

        limits << database.raw_connection.exec("SHOW statement_timeout").getvalue(0, 0)
      end
      ActiveSupport::Notifications.subscribed(listen, "sql.active_record") do
        ActiveRecord::Migration.suppress_messages { migration("upgrade").up }
      end
      expect(limits.uniq).to eq(["14s"])
      expect(database.select_value("SHOW statement_timeout")).to eq("14s")
      expect(database.select_value("SELECT count(*) FROM pg_indexes WHERE indexname = 'idx_contacts_krayin'")).to eq(0)
      expect(link.where.not(record_id: 0).count).to eq(200)
    ensure
      [link, Message, Conversation, Contact].each { |table| table.unscoped.delete_all }
    end
  end
end
