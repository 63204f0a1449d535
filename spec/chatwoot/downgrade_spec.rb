# frozen_string_literal: true

require_relative "support/small_chatwoot"
require_relative "support/version_one"

RSpec.describe "The way back to version 0.1", :chatwoot do
  before(:context) { SmallChatwoot.start }

  let(:link) { KrayinSync::Records::Link }
  let(:account) { Account.create!(name: "Acme") }

  around do |example|
    next example.run if example.metadata[:committed]

    ActiveRecord::Base.transaction do
      [link, Message, Conversation, Contact].each(&:delete_all)
      example.run
      raise ActiveRecord::Rollback
    end
  end

  def ids
    link.where.not(instance: "upgrade").order(:kind, :record_id)
        .map { |row| [row.kind, row.record_id, row.ids, row.fired_rules, row.in_flight, row.seen_at] }
  end

  # As the core stores what it has seen by a server's address.
  def seen_by_address = link.where.not(instance: "upgrade").update_all(instance: "krayin-a", address: "a1b2c3d4e5f6")

  it "writes each record's ids where that version looks, and leaves what is others'" do
    VersionOne.fill(account, inbox(account), 7)
    KrayinSync::Chatwoot::Upgrade.new.run
    seen_by_address
    first = account.contacts.order(:id).first
    link.where(kind: "contact", record_id: first.id).update_all(fired_rules: %w[created ~reopened])
    expect(KrayinSync::Chatwoot::Downgrade.new(batch: 3).run)
      .to eq("contact" => 7, "conversation" => 7, "message" => 14)
    kept = first.reload.additional_attributes
    expect(kept["company_name"]).to eq("Company 1")
    expect(kept.dig("external", "krayin", "ids")).to eq("krayin:person:1|krayin:lead:1")
    expect(kept.dig("external", "krayin", "at")).to eq("2026-11-24T07:28:44.123456")
    expect(JSON.parse(kept.dig("external", "krayin", "kept")))
      .to eq("ids" => "krayin:person:1|krayin:lead:1", "server" => "a1b2c3d4e5f6", "stages" => ["created"])
    talk = Conversation.find_by(contact_id: first.id).additional_attributes
    expect(talk).to include("mail_subject" => "Order", "krayin" => include("ids" => "krayin:activity:#{first.id}"))
  end

  it "is undone by another upgrade, whoever wrote meanwhile" do
    VersionOne.fill(account, inbox(account), 5)
    KrayinSync::Chatwoot::Upgrade.new.run
    seen_by_address
    before = ids
    KrayinSync::Chatwoot::Downgrade.new.run
    link.delete_all
    expect(KrayinSync::Chatwoot::Upgrade.new.run).to eq("contact" => 5, "conversation" => 5, "message" => 10)
    expect(ids).to eq(before)
    expect(link.where.not(instance: "upgrade").pluck(:unverified).uniq).to eq([true])
  end

  it "takes of several Krayins what was written last, and nothing of a record that is in none" do
    who = Contact.find(Contact.insert_all([{ account_id: account.id, name: "Jane", additional_attributes: "odd",
                                             created_at: Time.now, updated_at: Time.now }]).first["id"])
    row = { kind: "contact", record_id: who.id, created_at: Time.now }
    link.insert_all!([row.merge(instance: "krayin-a", address: "aaaaaaaaaaaa", person_id: 1, updated_at: 2.hours.ago),
                      row.merge(instance: "krayin-b", address: "bbbbbbbbbbbb", person_id: 2, updated_at: 1.hour.ago)])
    nowhere = { record_id: who.id + 1, instance: "krayin-a", address: "aaaaaaaaaaaa", updated_at: Time.now }
    link.insert_all!([row.merge(nowhere)])
    expect(KrayinSync::Chatwoot::Downgrade.new.run).to eq("contact" => 1, "conversation" => 0, "message" => 0)
    expect(JSON.parse(who.reload.additional_attributes.dig("external", "krayin", "kept")))
      .to eq("ids" => "krayin:person:2", "server" => "bbbbbbbbbbbb")
  end

  # FNV-1a of host, port and path, as that version made it.
  def server_of(text)
    hash = text.bytes.reduce(0xcbf29ce484222325) { |sum, byte| ((sum ^ byte) * 0x100000001b3) & 0xffffffffffffffff }
    format("%012x", (hash ^ (hash >> 48)) & 0xffffffffffff)
  end

  # Chatwoot tells of what is committed.
  it "calls the server as that version does", :committed do
    krayin = Krayin.new(SmallChatwoot.servers, "downgrade", throttle: false)
    mine, hook = connect(krayin)
    run_all
    who = mine.contacts.create!(name: "Jane", email: "jane@downgrade.example")
    run_all
    KrayinSync::Chatwoot::Downgrade.new.run
    kept = JSON.parse(who.reload.additional_attributes.dig("external", "krayin", "kept"))
    expect(kept).to eq("ids" => "krayin:person:1|krayin:lead:1",
                       "server" => server_of(krayin.url.delete_prefix("http://").chomp("/")))
  ensure
    hook&.destroy!
    clear
    krayin&.stop
  end
end
