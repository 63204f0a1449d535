# frozen_string_literal: true

require_relative "support/small_chatwoot"
require_relative "support/version_one"

RSpec.describe "The upgrade from version 0.1", :chatwoot do
  before(:context) { SmallChatwoot.start }

  let(:link) { KrayinSync::Records::Link }
  let(:account) { Account.create!(name: "Acme") }
  let(:upgrade_class) { KrayinSync::Chatwoot::Upgrade }

  around do |example|
    ActiveRecord::Base.transaction do
      [link, Message, Conversation, Contact].each(&:delete_all)
      example.run
      raise ActiveRecord::Rollback
    end
  end

  def contact(kept, **fields)
    row = { account_id: account.id, additional_attributes: kept, created_at: Time.now, updated_at: Time.now, **fields }
    Contact.find(Contact.insert_all([row]).first["id"])
  end

  def left
    [Contact, Conversation, Message].sum do |table|
      table.where("additional_attributes -> 'krayin' IS NOT NULL")
           .or(table.where("additional_attributes #> '{external,krayin}' IS NOT NULL")).count
    end
  end

  it "moves all of it, takes its own keys out, and leaves what is others'" do
    VersionOne.fill(account, inbox(account), 250)
    expect(upgrade_class.new(batch: 60).run).to eq("contact" => 250, "conversation" => 250, "message" => 500)
    expect(left).to eq(0)
    one = account.contacts.order(:id).first
    expect(one.additional_attributes).to eq("company_name" => "Company 1")
    expect(Conversation.find_by(contact_id: one.id).additional_attributes)
      .to eq("mail_subject" => "Order", "krayin_activity_id" => one.id)
    expect(link.find_by(kind: "contact", record_id: one.id))
      .to have_attributes(instance: VersionOne::SERVER, person_id: 1, lead_id: 1, unverified: true, state: "synced",
                          seen_at: Time.utc(2026, 11, 24, 7, 28, 44, 123_456),
                          sent: include("name" => "9ce48422e8d7", "identity" => /\A\h{24}\|\h{24}\z/))
  end

  it "goes on where it was broken off, and never begins again" do
    VersionOne.fill(account, inbox(account), 100)
    seen = 0
    expect { upgrade_class.new(batch: 30).run { raise "killed" if (seen += 1) == 2 } }.to raise_error("killed")
    expect(upgrade_class.new(batch: 30).run).to include("contact" => 40, "message" => 200)
    expect(link.where(kind: "contact").where.not(instance: "upgrade").count).to eq(100)
    # As a visitor writes it afterwards.
    late = contact({ "external" => { "krayin" => { "kept" => '{"ids":"krayin:person:1"}' } } })
    expect(upgrade_class.new.run.values).to eq([0, 0, 0])
    expect(link.where(kind: "contact", record_id: late.id)).to be_empty
  end

  it "takes what somebody else wrote there for what it is" do
    kept = ->(stored) { { "external" => { "krayin" => { "kept" => stored, "at" => "yesterday-ish" } } } }
    ids = "krayin:person:2|krayin:lead:3"
    odd = [5, nil, [], "x", {}, { "kept" => 5 }, { "kept" => "{" }, { "kept" => "[]" }, { "kept" => { "ids" => 7 } }]
    odd.each { |value| contact({ "external" => { "krayin" => value } }) }
    contact({ "external" => "x" })
    contact("krayin")
    sent = { "name" => "x' OR 1=1", "a\u0000?" => "9ce48422e8d7" }
    foreign = contact(kept[JSON.generate("ids" => ids, "server" => "krayin-0123", "sent" => sent,
                                         "stages" => ["created", { "a" => 1 }], "unverified" => false)])
    huge = contact(kept[JSON.generate("ids" => "krayin:person:18446744073709551615|krayin:lead:4")])
    both = contact({ "external" => { "leadsquared_id" => 7, "krayin" => { "kept" => JSON.generate("ids" => ids) } } })
    upgrade_class.new(batch: 3).run
    expect(left).to eq(0)
    expect(link.find_by(kind: "contact", record_id: foreign.id))
      .to have_attributes(instance: "", unverified: true, seen_at: nil, fired_rules: ["created"], sent: {},
                          person_id: 2)
    expect(link.find_by(kind: "contact", record_id: huge.id)).to have_attributes(person_id: nil, lead_id: 4)
    expect(both.reload.additional_attributes).to eq("external" => { "leadsquared_id" => 7 })
    expect(link.where(kind: "contact").where.not(instance: "upgrade").count).to eq(3)
  end

  it "takes a row as it stands when it is locked, and not as it was read before" do
    VersionOne.fill(account, inbox(account), 3)
    last = account.contacts.order(:id).last
    upgrade = upgrade_class.new
    allow(upgrade).to receive(:ready_links).and_wrap_original do |ready, *page|
      ready.call(*page).tap do
        next if link.exists?(kind: "contact", record_id: last.id)

        kept = JSON.generate("ids" => "krayin:person:99", "server" => VersionOne::SERVER)
        last.update_columns(additional_attributes: { "external" => { "krayin" => { "kept" => kept } } })
      end
    end
    upgrade.run
    expect(link.find_by(kind: "contact", record_id: last.id)).to have_attributes(person_id: 99, unverified: true)
    expect(left).to eq(0)
  end

  it "halves a batch that somebody else's write stands in the way of" do
    VersionOne.fill(account, inbox(account), 10)
    upgrade = upgrade_class.new(batch: 8)
    sizes = []
    allow(upgrade).to receive(:move_page).and_wrap_original do |page, kind, cursor, size|
      sizes << size
      raise ActiveRecord::LockWaitTimeout if sizes.size <= 2

      page.call(kind, cursor, size)
    end
    expect(upgrade.run).to include("contact" => 10)
    expect(sizes.first(4)).to eq([8, 4, 2, 8])
  end
end
