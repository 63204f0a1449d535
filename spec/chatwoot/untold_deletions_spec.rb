# frozen_string_literal: true

require_relative "../support/configured"
require_relative "support/small_chatwoot"

# What was deleted in Chatwoot when nobody could tell of it. The jobs run in this process.
RSpec.describe "A deletion that nobody has told of", :chatwoot do
  include Configured

  before(:context) { SmallChatwoot.start }

  let(:krayin) { Krayin.new(servers, "untold#{rand(1_000_000)}", tokens: 2, throttle: false) }
  let(:word) { "ud#{rand(1_000_000)}" }
  let(:wanted) { { sync_conversations: true, sync_messages: true } }
  let(:policy) { "erase" }
  let(:account) { @account }
  let(:hook) { @hook.reload }
  let(:links) { KrayinSync::Records::Link }

  around { |example| with(on_contact_deleted: policy) { example.run } }

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    KrayinSync::Chatwoot::Reconcile.delete_all
    # What other examples have left is no part of it.
    links.delete_all
    @account, @hook = connect(krayin, **wanted)
    run_all
  end

  after do
    Integrations::Hook.where(app_id: "krayin").delete_all
    krayin.stop
  end

  # A contact who has said something, as it has been in Krayin for long.
  def brought(name)
    contact = account.contacts.create!(name: "#{word} #{name}", email: "#{word}-#{name}@untold.example".downcase)
    message(conversation(contact, @inbox ||= inbox(account)), "Words of #{contact.name}")
    run_all
    long_ago
    contact
  end

  def long_ago
    links.update_all(updated_at: 2.minutes.ago)
    account.contacts.update_all(updated_at: 1.hour.ago)
  end

  def talk(contact) = contact.conversations.first

  def text(contact) = talk(contact).messages.first

  # As a person does it, and the events go with the Sidekiq.
  def delete_talk(talk)
    talk.messages.each(&:delete)
    talk.delete
  end

  def delete(contact)
    contact.conversations.each { |talk| delete_talk(talk) }
    contact.delete
  end

  def mark(message, noted = { "deleted" => true })
    message.update_columns(content: "This message was deleted", content_attributes: noted)
  end

  def link(contact) = links.find_by(kind: "contact", record_id: contact.id)

  # In how many of Krayin's activities its words are.
  def said(contact)
    krayin.records["activities"].count { |one| one["comment"].to_s.include?("Words of #{contact.name}") }
  end

  def person(contact) = krayin.person(contact.email)

  def night(hook = self.hook)
    krayin.forget_requests
    told = KrayinSync.reconcile(hook)
    run_all
    long_ago
    told
  end

  # The next night finds nothing, at the price of the reading.
  def expect_quiet
    before = krayin.records
    expect(night).to include(state: "done", deleted: 0)
    expect(krayin.requests.map { |request| request.values_at("method", "path") })
      .to all(match(["GET", %r{/(contacts/persons|leads)}]))
    expect(krayin.requests.size).to be <= 2
    expect(krayin.records).to eq(before)
  end

  describe "of a contact" do
    let!(:gone) { brought("Gone") }
    let!(:there) { brought("There") }

    it "takes it out where it is to be erased, once" do
      delete(gone)
      expect(night).to include(state: "done", deleted: 1, examples: { "deleted" => [["contact", gone.id]] })
      expect([person(gone), said(gone)]).to eq([nil, 0])
      expect([person(there)["name"], said(there)]).to eq([there.name, 2])
      expect(link(gone)).to have_attributes(person_id: nil, reason_code: "deleted_in_chatwoot")
      expect_quiet
    end

    it "asks nothing more where all is well" do
      expect_quiet
      expect(krayin.requests.size).to eq(2)
    end

    it "takes it out where an administrator keeps it out" do
      links.where(kind: "contact").update_all(kept_out: true)
      delete(gone)
      expect(night).to include(deleted: 1)
      expect([person(gone), said(gone)]).to eq([nil, 0])
      expect_quiet
    end

    it "leaves what was just written to its own events" do
      links.update_all(updated_at: Time.now.utc)
      delete(gone)
      expect(KrayinSync.reconcile(hook)).to include(state: "done", deleted: 0)
    end

    it "does not touch what nobody has seen to be its own" do
      links.where(kind: "contact", record_id: gone.id).update_all(unverified: true)
      delete(gone)
      before = krayin.records
      expect(night).to include(deleted: 0)
      expect(krayin.records).to eq(before)
    end

    it "leaves a contact that was merged to its merge, whose event was lost as well" do
      ContactMergeAction.new(account: account, base_contact: there, mergee_contact: gone).perform
      clear
      long_ago
      before = krayin.records
      expect(night).to include(deleted: 0)
      expect(link(gone)).to have_attributes(person_id: Integer, merged: include("into" => there.id))
      expect(krayin.records["persons"]).to eq(before["persons"])
    end

    it "takes out one that was merged where the other one is gone by now" do
      ContactMergeAction.new(account: account, base_contact: there, mergee_contact: gone).perform
      clear
      long_ago
      delete(there.reload)
      expect(night).to include(deleted: 2)
      expect([gone, there].map { |contact| [person(contact), said(contact)] }).to eq([[nil, 0]] * 2)
      expect_quiet
    end

    it "leaves the person that a merge has left apart" do
      krayin.change({ change: "edit_person", person: link(gone).person_id, fields: { name: "Ann Lee" } })
      ContactMergeAction.new(account: account, base_contact: there, mergee_contact: gone).perform
      run_all
      expect(link(gone)).to have_attributes(person_id: Integer, merged: nil, reason_code: "merged_apart")
      long_ago
      expect(night).to include(deleted: 0)
      expect(krayin.person(gone.email)).to include("name" => "Ann Lee")
    end

    it "tells of it where the server is asked for nothing in order" do
      hook.update_columns(settings: hook.settings.merge("api_dialect" => "documented"))
      delete(gone)
      expect(KrayinSync.reconcile(hook)).to include(state: "done", deleted: 1, persons: 0, requests: 0)
    end

    it "goes on by batches and jobs, and tells each once" do
      stub_const("KrayinSync::Chatwoot::DeletedRecords::BATCH", 1)
      stub_const("KrayinSync::Chatwoot::ReconcileWork::SLICE", 0)
      delete(gone)
      run = KrayinSync::Chatwoot::Reconcile.start(hook)
      run_all
      expect(run.report).to include(state: "done", deleted: 1)
      expect([person(gone), said(gone)]).to eq([nil, 0])
    end

    it "takes it out by whichever connection its Krayin has left" do
      other = Account.create!(name: "Beta").tap(&:enable_features!)
      theirs = other.hooks.create!(app_id: "krayin", settings: krayin.settings(1))
      run_all
      delete(gone)
      @hook.delete
      expect(night(theirs.reload)).to include(deleted: 1)
      expect([person(gone), said(gone)]).to eq([nil, 0])
    end

    it "is a line in the terminal" do
      delete(gone)
      expect { rake_task("reconcile").invoke(account.id.to_s) }
        .to output(/ +1  records deleted in Chatwoot.*^deleted: contact #{gone.id}$/m).to_stdout
    end

    context "where only that is to be said" do
      let(:policy) { "unlink_and_mark" }

      it "says so by one note, and keeps what was said" do
        delete(gone)
        expect(night).to include(deleted: 1)
        notes = krayin.records["activities"].map { |one| one["title"] }.grep(/\(contact #{gone.id}\)/)
        expect([notes.size, said(gone), person(gone)["name"]]).to eq([1, 2, gone.name])
        expect(link(gone)).to have_attributes(person_id: nil, reason_code: "deleted_in_chatwoot")
        expect_quiet
      end
    end

    context "where all of it stays" do
      let(:policy) { "keep" }

      it "tells nothing, also when another thing is decided later" do
        told = brought("Told")
        told.destroy!
        delete(gone)
        run_all
        expect_quiet
        expect([link(gone), link(told)]).to all(have_attributes(person_id: Integer, reason_code: "contact_kept"))
        with(on_contact_deleted: "erase") { expect_quiet }
        expect([person(gone)["name"], said(gone)]).to eq([gone.name, 2])
      end
    end
  end

  it "leaves a person whom a colleague has made, and lets go of it" do
    mail = "#{word}-theirs@untold.example"
    krayin.add_person(name: "#{word} Theirs", emails: [{ value: mail, label: "work" }],
                      contact_numbers: [{ value: "+14155550177", label: "work" }])
    theirs = brought("Theirs")
    before = krayin.person(mail).slice("name", "emails", "contact_numbers")
    delete(theirs)
    expect(night).to include(deleted: 1)
    expect([krayin.person(mail).slice(*before.keys), said(theirs)]).to eq([before, 0])
    expect(link(theirs)).to have_attributes(person_id: nil)
    expect_quiet
  end

  describe "of what was said" do
    let!(:contact) { brought("Ann") }

    it "takes a conversation's words away, once, and leaves its contact" do
      id = talk(contact).id
      delete_talk(talk(contact))
      expect(night[:examples]["deleted"]).to include(["conversation", id])
      expect([said(contact), person(contact)["name"]]).to eq([0, contact.name])
      expect_quiet
    end

    # Chatwoot keeps it as a text in which there is JSON.
    [{ "deleted" => true }, "{\"deleted\":true}"].each do |noted|
      it "takes the words of a message away that is marked by #{noted.class}, from its conversation's note too" do
        id = text(contact).id
        mark(text(contact), noted)
        expect(night).to include(deleted: 1, examples: { "deleted" => [["message", id]] })
        expect(said(contact)).to eq(0)
        expect_quiet
      end
    end

    it "takes the words of a message away that is there no more" do
      text(contact).delete
      expect(night).to include(deleted: 1)
      expect(said(contact)).to eq(0)
      expect_quiet
    end

    it "leaves a message that only speaks of it" do
      text(contact).update_columns(content_attributes: { "items" => [{ "deleted" => true }], "deleted" => false })
      expect_quiet
      expect(said(contact)).to eq(2)
    end

    context "where conversations are not brought" do
      let(:wanted) { { sync_messages: true } }

      it "takes the words of a conversation's messages away" do
        delete_talk(talk(contact))
        expect(night).to include(deleted: 1)
        expect(said(contact)).to eq(0)
        expect_quiet
      end

      it "takes the words of an erased contact's messages away, a night later" do
        delete(contact)
        expect([night, night].map { |told| told[:deleted] }).to eq([1, 1])
        expect([said(contact), person(contact)]).to eq([0, nil])
        expect_quiet
      end
    end

    context "where messages are brought no more" do
      it "takes away what was brought before" do
        hook.update!(settings: hook.settings.merge("sync_messages" => false))
        run_all
        mark(text(contact))
        expect(night).to include(deleted: 1)
        expect(said(contact)).to eq(0)
        expect_quiet
      end
    end

    context "where a contact's records stay" do
      let(:policy) { "keep" }

      it "leaves what was said with the contact" do
        delete(contact)
        expect_quiet
        expect(said(contact)).to eq(2)
      end

      it "takes a conversation's words away all the same" do
        delete_talk(talk(contact))
        night
        expect(said(contact)).to eq(0)
        expect_quiet
      end
    end
  end

  it "takes a contact out of each Krayin by that one's own night" do
    other = Krayin.new(servers, "untold-south#{rand(1_000_000)}", throttle: false)
    south = account.hooks.create!(app_id: "krayin", settings: other.settings(**wanted))
    run_all
    gone = brought("Gone")
    # It is for another one by now.
    south.reload.update!(settings: south.settings.merge("route_labels" => "nobody"))
    run_all
    delete(gone)
    expect(night).to include(deleted: 1)
    expect([person(gone), other.person(gone.email).to_h["name"]]).to eq([nil, gone.name])
    expect(night(south.reload)).to include(deleted: 1)
    expect(other.person(gone.email)).to be_nil
  ensure
    other&.stop
  end

  it "stops before any is told where most of all are gone: that is another database" do
    stub_const("KrayinSync::Chatwoot::ReconcileWork::MANY", 3)
    contacts = %w[One Two Three Four Five].map { |name| brought(name) }
    before = krayin.records
    contacts.first(3).each { |contact| delete(contact) }
    expect(night).to include(state: "stopped", deleted: 0, reason: /Of 5 contacts that Krayin has 3 are not in /)
    expect(krayin.records).to eq(before)
  end
end
