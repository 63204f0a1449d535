# frozen_string_literal: true

require "stringio"
require_relative "support/small_chatwoot"

RSpec.describe "A reconciliation", :chatwoot do
  before(:context) { SmallChatwoot.start }

  let(:krayin) { Krayin.new(servers, "reconcile#{rand(1_000_000)}", throttle: false) }
  let(:word) { "rc#{rand(1_000_000)}" }
  let(:reconcile) { KrayinSync::Chatwoot::Reconcile }
  let(:account) { @account }
  let(:hook) { @hook.reload }
  let(:policy) { "respect" }

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    reconcile.delete_all
    # What other examples have left is no part of it.
    KrayinSync::Records::Link.delete_all
    @account, @hook = connect(krayin, sync_conversations: true, sync_to_organization: true,
                                      on_deleted_in_krayin: policy)
    run_all
    @sidekiqs = []
  end

  after do
    @sidekiqs.each { |pid| servers.end_process(pid) }
    Integrations::Hook.where(id: @hook.id).delete_all
    krayin.stop
  end

  def fill(count, kind = "Shop", **fields)
    rows = Array.new(count) do |n|
      { name: "#{word} #{kind} #{n}", email: "#{word}-#{kind}-#{n}@past.example".downcase, account_id: account.id,
        additional_attributes: {}, created_at: 30.days.ago, updated_at: 30.days.ago, **fields }
    end
    Contact.where(id: Contact.insert_all(rows).rows.flatten).order(:id).to_a
  end

  # As it is in Krayin.
  def brought(count, kind = "Shop", **fields)
    contacts = fill(count, kind, **fields).each { |contact| bring(contact) }
    run_all
    krayin.forget_requests
    contacts
  end

  def bring(contact) = KrayinSync::Chatwoot::RecordRef.new(hook.id, "contact", contact.id).enqueue

  def link(contact) = KrayinSync::Records::Link.find_by(kind: "contact", record_id: contact.id)

  def entry(*values) = values.map { |value| { value: value, label: "work" } }

  def person(id) = krayin.records["persons"].find { |one| one["id"] == id }

  def persons_of(contact) = krayin.records["persons"].select { |one| one["name"] == contact.name }

  # A colleague deletes whom a contact is; Krayin refuses that while there is a lead.
  def delete(contact)
    known = link(contact)
    krayin.change({ change: "delete_lead", lead: known.lead_id }, { change: "delete_person", person: known.person_id })
  end

  it "costs the reading and nothing more where all is well" do
    brought(7)
    expect(KrayinSync.reconcile(hook)).to include(
      state: "done", persons: 7, leads: 7, links: 7, contacts: 7, gone: 0, leads_gone: 0, changed_hands: 0,
      leads_moved: 0, doubled: 0, missing: 0, unfinished: 0, requests: 2, examples: {}
    )
    run_all
    expect(krayin.requests.map { |request| request.values_at("method", "path") })
      .to match([["GET", /persons/], ["GET", /leads/]])
  end

  it "leaves a person deleted whom a colleague has deleted, and says so" do
    gone, there = brought(2)
    delete(gone)
    told = KrayinSync.reconcile(hook)
    expect(told).to include(state: "done", gone: 1, examples: include("gone" => [[gone.id, link(gone).person_id]]))
    run_all
    expect(link(gone)).to have_attributes(person_id: nil, state: "skipped", reason_code: "person_deleted")
    expect(link(there)).to have_attributes(state: "synced", reason_code: nil, unverified: false)
    expect(krayin.records["persons"].size).to eq(1)
    krayin.forget_requests
    expect(KrayinSync.reconcile(hook)).to include(gone: 0, leads_gone: 0, missing: 0, unfinished: 0)
    run_all
    expect(krayin.requests.size).to eq(2)
  end

  it "finds whom a colleague has merged into another person by hand" do
    gone = brought(1).first
    krayin.add_person(name: gone.name, emails: entry("other@past.example", gone.email.upcase),
                      contact_numbers: entry("+14155550199"))
    other = krayin.records["persons"].last["id"]
    delete(gone)
    expect(KrayinSync.reconcile(hook)).to include(gone: 1)
    run_all
    expect(link(gone)).to have_attributes(person_id: other, state: "synced")
  end

  context "where what is deleted is made again" do
    let(:policy) { "make_again" }

    it "makes whom a colleague has deleted" do
      gone = brought(2).first
      delete(gone)
      expect(KrayinSync.reconcile(hook)).to include(gone: 1)
      run_all
      expect(persons_of(gone).map { |one| one["id"] }).to eq([link(gone).person_id])
      expect(link(gone)).to have_attributes(state: "synced", unverified: false)
    end

    it "makes a lead that a colleague has deleted" do
      gone = brought(2).first
      krayin.change({ change: "delete_lead", lead: link(gone).lead_id })
      expect(KrayinSync.reconcile(hook)).to include(gone: 0, leads_gone: 1)
      run_all
      expect(krayin.records["leads"].map { |lead| lead["id"] }).to include(link(gone).lead_id)
      expect(link(gone)).to have_attributes(state: "synced", unverified: false)
    end
  end

  it "leaves a lead deleted that a colleague has deleted" do
    gone = brought(2).first
    krayin.change({ change: "delete_lead", lead: link(gone).lead_id })
    expect(KrayinSync.reconcile(hook)).to include(gone: 0, leads_gone: 1)
    run_all
    expect(link(gone)).to have_attributes(lead_id: nil, state: "skipped", reason_code: "lead_deleted")
    expect(krayin.records["leads"].size).to eq(1)
  end

  context "where each conversation has a lead of its own" do
    before do
      @hook.update!(settings: @hook.settings.merge("lead_policy" => "per_conversation"))
      run_all
    end

    let!(:talks) { brought(2).map { |contact| conversation(contact, inbox(account)) }.tap { run_all } }

    def own(talk) = KrayinSync::Records::Link.find_by(kind: "conversation", record_id: talk.id)

    it "leaves those deleted that a colleague has deleted, and looks at them once" do
      gone, there = talks
      lead = own(gone).lead_id
      krayin.change({ change: "delete_lead", lead: lead })
      told = KrayinSync.reconcile(hook)
      expect(told).to include(own_leads_gone: 1, examples: include("own_leads_gone" => [[gone.id, lead]]))
      run_all
      expect([own(gone).lead_id, own(there).lead_id]).to match([nil, Integer])
      expect(krayin.records["leads"].size).to eq(1)
      krayin.forget_requests
      expect(KrayinSync.reconcile(hook)).to include(own_leads_gone: 0)
      run_all
      expect(krayin.requests.map { |request| request["path"][/persons|leads/] }).to eq(%w[persons leads])
    end

    it "makes them again where that is wanted" do
      hook.update!(settings: hook.settings.merge("on_deleted_in_krayin" => "make_again"))
      run_all
      krayin.change({ change: "delete_lead", lead: own(talks.first).lead_id })
      expect(KrayinSync.reconcile(hook)).to include(own_leads_gone: 1)
      run_all
      expect(krayin.records["leads"].map { |one| one["id"] }).to match_array(talks.map { |talk| own(talk).lead_id })
    end
  end

  it "tells a lead that a colleague has given to another person" do
    moved, other = brought(2)
    krayin.change({ change: "edit_lead", lead: link(moved).lead_id, fields: { person_id: link(other).person_id } })
    told = KrayinSync.reconcile(hook)
    expect(told).to include(leads_gone: 0, leads_moved: 1)
    expect(told[:examples]["leads_moved"]).to eq([[moved.id, link(moved).lead_id, link(other).person_id]])
  end

  describe "of a person who has nothing of the contact any more" do
    let!(:contact) { brought(2).first }
    let(:known) { link(contact).person_id }

    def change_hands
      krayin.change({ change: "edit_person", person: known,
                      fields: { name: "Ann Lee", emails: entry("ann@else.example") } })
    end

    it "writes nothing until a person has decided, whatever happens meanwhile" do
      change_hands
      told = KrayinSync.reconcile(hook)
      expect(told).to include(changed_hands: 1, gone: 0, examples: include("changed_hands" => [[contact.id, known]]))
      run_all
      expect(link(contact)).to have_attributes(state: "doubtful", reason_code: "changed_hands", person_id: known,
                                               reason_params: { "contact" => contact.id, "persons" => [known] })
      before = krayin.records
      contact.update!(name: "#{word} Renamed")
      conversation(contact, inbox(account))
      run_all
      advance(120)
      run_all
      expect(krayin.records).to eq(before)
      krayin.forget_requests
      expect(KrayinSync.reconcile(hook)).to include(changed_hands: 1)
      expect(krayin.requests.size).to eq(2)
    end

    it "makes another where that is said" do
      change_hands
      KrayinSync.reconcile(hook)
      run_all
      KrayinSync.decide(contact, :another)
      run_all
      expect(link(contact)).to have_attributes(state: "synced", unverified: false)
      expect(persons_of(contact).map { |one| one["id"] }).to eq([link(contact).person_id])
      expect(person(known)).to include("name" => "Ann Lee")
      expect(KrayinSync.reconcile(hook)).to include(changed_hands: 0)
    end

    it "goes on with it where it is said to be the same, and asks no more" do
      change_hands
      KrayinSync.reconcile(hook)
      run_all
      KrayinSync.decide(contact, :same)
      run_all
      expect(link(contact)).to have_attributes(state: "synced", unverified: false, person_id: known)
      krayin.forget_requests
      expect(KrayinSync.reconcile(hook)).to include(changed_hands: 0)
      run_all
      expect(krayin.requests.size).to eq(2)
    end

    it "knows one again whose address a colleague has put right, and asks once" do
      krayin.change({ change: "edit_person", person: known, fields: { emails: entry("right@past.example") } })
      expect(KrayinSync.reconcile(hook)).to include(changed_hands: 1)
      run_all
      expect(link(contact)).to have_attributes(state: "synced", unverified: false, person_id: known)
      expect(person(known)["emails"].map { |one| one["value"] }).to eq(["right@past.example"])
      krayin.forget_requests
      expect(KrayinSync.reconcile(hook)).to include(changed_hands: 0)
      expect(krayin.requests.size).to eq(2)
    end

    it "goes on by itself once the person has something of the contact again" do
      change_hands
      KrayinSync.reconcile(hook)
      run_all
      krayin.change({ change: "edit_person", person: known, fields: { emails: entry(contact.email.upcase) } })
      expect(KrayinSync.reconcile(hook)).to include(changed_hands: 0)
      run_all
      expect(link(contact)).to have_attributes(state: "synced", reason_code: nil, unverified: false)
    end
  end

  describe "of persons that are one" do
    let!(:contact) { brought(2).first }
    let(:known) { link(contact).person_id }

    # With another case the server takes it.
    def double
      @double ||= krayin.add_person(name: "Someone", emails: entry(contact.email.upcase),
                                    contact_numbers: entry("+14155550155"))
    end

    it "names both, merges neither, and forgets it once a colleague has" do
      pair = [known, double]
      before = krayin.records
      told = KrayinSync.reconcile(hook)
      expect(told).to include(doubled: 1, examples: { "doubled" => [pair] })
      expect(link(contact)).to have_attributes(state: "doubtful", reason_code: "doubled", person_id: known,
                                               reason_params: { "persons" => pair })
      run_all
      expect(krayin.records).to eq(before)
      krayin.change({ change: "delete_person", person: double })
      expect(KrayinSync.reconcile(hook)).to include(doubled: 0)
      expect(link(contact)).to have_attributes(state: "synced", reason_code: nil, reason_params: {})
    end

    it "takes the one that is said" do
      double
      KrayinSync.reconcile(hook)
      KrayinSync.decide(contact, :same, person: double)
      run_all
      expect(link(contact)).to have_attributes(person_id: double)
    end

    it "is told no more where they are said to be several" do
      double
      KrayinSync.reconcile(hook)
      KrayinSync.decide(contact, :another)
      run_all
      expect(link(contact)).to have_attributes(state: "synced", person_id: known)
      expect(KrayinSync.reconcile(hook)).to include(doubled: 0)
      expect(link(contact)).to have_attributes(state: "synced")
    end

    it "takes a number for a mark where the name is the same, and not where a desk shares it" do
      number = "+14155550166"
      krayin.add_person(name: "Joe Miller", emails: entry("joe@a.example"), contact_numbers: entry(number))
      krayin.add_person(name: "joe miller", emails: entry("joe@b.example"), contact_numbers: entry("+1 (415) 555-0166"))
      krayin.add_person(name: "Ann Miller", emails: entry("ann@a.example"), contact_numbers: entry("+1 415-555-0166"))
      one, two = krayin.records["persons"].last(3).map { |found| found["id"] }
      expect(KrayinSync.reconcile(hook)[:examples]).to eq("doubled" => [[one, two]])
    end
  end

  describe "of organizations" do
    let!(:contacts) { employed(3, "O'Neil & Sons, Ltd") }
    let!(:others) { employed(1, "Umbrella #{word}", "Other") }
    let(:known) { link(contacts.first).organization_id }

    def employed(count, company, kind = "Firm")
      brought(count, kind, additional_attributes: { company_name: company })
    end

    def organizations = krayin.records["organizations"].map { |one| one["id"] }

    def organization_of(contact) = person(link(contact).person_id)["organization"].to_h["id"]

    # What is kept of each, and whether it is so.
    def kept(contacts = self.contacts)
      contacts.map { |contact| link(contact).organization_id }.tap do |ids|
        expect(ids).to eq(contacts.map { |contact| organization_of(contact) })
      end
    end

    def delete_organization(id) = krayin.change({ change: "delete_organization", organization: id })

    def give(contact, **fields)
      krayin.change({ change: "edit_person", person: link(contact).person_id, fields: fields })
    end

    # The next one finds all well, at the price of the reading.
    def expect_well
      run_all
      krayin.forget_requests
      expect(KrayinSync.reconcile(hook)).to include(state: "done", gone: 0, organizations_gone: 0,
                                                    organizations_moved: 0)
      run_all
      expect(krayin.requests.map { |request| request.values_at("method", "path") })
        .to match([["GET", /persons/], ["GET", /organizations/], ["GET", /leads/]])
    end

    it "costs a request more where all is well" do
      expect(kept.uniq).to eq([known])
      expect_well
      expect(reconcile.of(hook).report).to include(organizations: 2, organizations_doubled: 0, links: 4, examples: {})
    end

    it "leaves one deleted that a colleague has deleted, and says so" do
      delete_organization(gone = known)
      told = KrayinSync.reconcile(hook)
      expect(told).to include(organizations: 1, organizations_gone: 3, gone: 0, organizations_moved: 0)
      expect(told[:examples].keys).to eq(["organizations_gone"])
      expect(told[:examples]["organizations_gone"]).to match_array(contacts.map { |contact| [contact.id, gone] })
      run_all
      expect([kept, organizations]).to eq([[nil] * 3, kept(others)])
      expect(contacts.map { |contact| link(contact) })
        .to all(have_attributes(state: "synced", reason_code: "organization_deleted", unverified: false))
      expect_well
    end

    context "where what is deleted is made again" do
      let(:policy) { "make_again" }

      it "makes one for all who were in it" do
        delete_organization(gone = known)
        expect(KrayinSync.reconcile(hook)).to include(organizations_gone: 3)
        run_all
        expect(kept.uniq).to eq([organizations.max])
        expect(organizations).not_to include(gone)
        expect_well
      end

      it "leaves a person without one whom a colleague has taken out" do
        give(contacts.last, organization_id: nil)
        was = known
        told = KrayinSync.reconcile(hook)
        expect(told).to include(organizations_gone: 0, organizations_moved: 1)
        expect(told[:examples]).to eq("organizations_moved" => [[contacts.last.id, was, nil]])
        expect(kept).to eq([was, was, nil])
        contacts.last.update!(name: "#{word} Renamed")
        expect_well
        expect(kept).to eq([was, was, nil])
      end
    end

    it "follows a colleague who has given a person another one, and puts nothing back" do
      before = krayin.records["organizations"]
      was = known
      other = link(others.first).organization_id
      give(contacts[1], organization_name: "Umbrella #{word}".upcase)
      told = KrayinSync.reconcile(hook)
      expect(told).to include(organizations_gone: 0, organizations_moved: 1)
      expect(told[:examples]).to eq("organizations_moved" => [[contacts[1].id, was, other]])
      contacts[1].update!(name: "#{word} Renamed")
      expect_well
      expect([kept, krayin.records["organizations"]]).to eq([[was, other, was], before])
    end

    it "notes what an answer did not show, and tells nothing of it" do
      contacts.first.update!(additional_attributes: { company_name: "Umbrella #{word}" })
      expect_well
      expect(kept.first).to eq(kept(others).first)
    end

    it "names two of one name, and merges neither" do
      theirs = krayin.add_organization("O'NEIL &  Sons, Ltd")
      before = krayin.records
      told = KrayinSync.reconcile(hook)
      expect(told).to include(organizations: 3, organizations_doubled: 1, doubled: 0)
      expect(told[:examples]).to eq("organizations_doubled" => [[known, theirs]])
      run_all
      expect(krayin.records).to eq(before)
      expect(KrayinSync::Chatwoot::ReconcileWords.report(told))
        .to include("organizations_doubled: organizations #{known}, #{theirs}")
      delete_organization(theirs)
      expect(KrayinSync.reconcile(hook)).to include(organizations_doubled: 0)
      expect(reconcile::Key.count).to eq(0)
    end
  end

  it "brings contacts that should be in Krayin and are not, by the connection's own rules" do
    brought(2)
    missing = fill(2, "Missing")
    fill(1, "Nobody", email: nil)
    told = KrayinSync.reconcile(hook)
    expect(told).to include(contacts: 5, missing: 2, examples: { "missing" => missing.map(&:id) })
    run_all
    expect(missing.flat_map { |contact| persons_of(contact) }.size).to eq(2)
    expect(KrayinSync.reconcile(hook)).to include(missing: 0, unfinished: 0)
  end

  it "brings nobody whom the connection is not for, and leaves what it has of such" do
    box = inbox(account)
    here, elsewhere, new = brought(2) + fill(1, "New")
    conversation(here, box)
    clear
    hook.update!(settings: hook.settings.merge("route_inboxes" => box.name))
    run_all
    delete(elsewhere)
    krayin.forget_requests
    expect(KrayinSync.reconcile(hook)).to include(missing: 0, gone: 0)
    clear
    expect([persons_of(new), link(elsewhere).unverified]).to eq([[], false])
  end

  it "stops where most of all are gone: that is another database" do
    stub_const("KrayinSync::Chatwoot::ReconcileWork::MANY", 3)
    contacts = brought(5)
    contacts.first(4).each { |contact| delete(contact) }
    expect(KrayinSync.reconcile(hook)).to include(state: "stopped", reason: /Of 5 persons that were known 4 are not/)
  end

  it "is one at a time of a Krayin" do
    brought(1)
    run = reconcile.start(hook)
    expect { reconcile.start(hook) }.to raise_error(reconcile::NotPossible, /already/)
    expect { KrayinSync.reconcile(hook) }.to raise_error(reconcile::NotPossible, /already/)
    run_all
    expect(run.report).to include(state: "done", persons: 1, links: 1)
    expect(reconcile.start(hook)).to be_persisted
  end

  it "says what cannot be done" do
    hook.disabled!
    expect { reconcile.start(hook) }.to raise_error(reconcile::NotPossible, /disabled/)
    hook.update_columns(status: 1, settings: hook.settings.except("traits"))
    expect { reconcile.start(hook) }.to raise_error(reconcile::NotPossible, /set-up has not ended/)
  end

  it "goes on after a killed process, and counts nothing twice" do
    gone = brought(3).first
    delete(gone)
    run = reconcile.start(hook)
    clear
    ticket = run.reload.ticket
    # It dies when a page was held and not yet noted.
    noted = 0
    allow_any_instance_of(reconcile).to receive(:note).and_wrap_original do |note, *arguments, **more, &block|
      raise Interrupt if (noted += 1) == 1

      note.call(*arguments, **more, &block)
    end
    expect { KrayinSync::Chatwoot::ReconcileWork.new(run, ticket).perform }.to raise_error(Interrupt)
    reconcile.update_all(leased_until: 1.second.ago)
    KrayinSync::Chatwoot::Sweep.recover
    run_all
    expect(run.report).to include(state: "done", persons: 2, links: 3, gone: 1, contacts: 3)
    expect(link(gone)).to have_attributes(state: "skipped", reason_code: "person_deleted")
    # Whoever comes late has lost it.
    expect(KrayinSync::Chatwoot::ReconcileWork.new(run, ticket).perform).to be_nil
  end

  # Persons of a colleague's, as many as pages need.
  def crowd(count)
    count.times do |n|
      krayin.add_person(name: "Crowd #{n}", emails: entry("crowd#{n}@else.example"),
                        contact_numbers: entry(format("+1415600%04d", n)))
    end
  end

  it "reads page after page, and goes on at the page where a process was killed" do
    gone = brought(2).last
    crowd(1_020)
    brought(1, "Last")
    delete(gone)
    krayin.faults({ method: "GET", path: "/contacts/persons", action: "delay", ms: 1_500, times: "forever" })
    pid = SmallChatwoot.sidekiq
    run = reconcile.start(hook)
    eventually { run.reload.page == 1 }
    servers.end_process(pid, :KILL)
    expect(run.reload).to have_attributes(phase: "persons", cursor: be_between(1_000, 1_010))
    krayin.heal
    reconcile.update_all(leased_until: 1.second.ago)
    @sidekiqs << SmallChatwoot.sidekiq
    KrayinSync::Chatwoot::Sweep.recover
    eventually { run.reload.state != "running" }
    expect(run.report).to include(state: "done", persons: 1_022, links: 3, gone: 1, changed_hands: 0, doubled: 0,
                                  requests: 3, contacts: 3)
  end

  it "waits for a Krayin that is down, and ends where the token is refused" do
    brought(1)
    krayin.faults({ action: "close_before_acting", times: "forever" })
    run = reconcile.start(hook)
    Sidekiq::Queue.all.flat_map(&:to_a).each { |job| job.delete && job.klass.constantize.new.perform(*job.args) }
    expect(run.reload).to have_attributes(state: "running", failures: 1)
    krayin.heal
    run_all
    expect(run.report).to include(state: "done", persons: 1, requests: 2)
    krayin.faults({ action: "refused_token", times: "forever" })
    expect(KrayinSync.reconcile(hook)).to include(state: "stopped", reason: /token/)
  end

  it "runs at its time, of each connection that is enabled" do
    brought(1)
    allow(KrayinSync::Chatwoot::HookSettings).to receive(:hooks).and_return([hook])
    KrayinSync::Chatwoot::ReconcileJob.new.perform({ "job_id" => "krayin_sync_reconcile" })
    run_all
    expect(reconcile.of(hook).report).to include(state: "done", persons: 1)
  end

  describe "of a Krayin that two accounts have" do
    let(:hooks) { [hook, @other] }
    let(:scheduled) { { "job_id" => "krayin_sync_reconcile" } }
    let(:now) { Sidekiq::ScheduledSet.new.map { |job| job.args.first } }

    before do
      @other = connect(krayin).last
      run_all
      brought(1)
      allow(KrayinSync::Chatwoot::HookSettings).to receive(:hooks).and_return(hooks)
    end

    after { Integrations::Hook.where(id: @other.id).delete_all }

    def states = hooks.map { |one| reconcile.of(one)&.state }

    it "runs for one after the other" do
      KrayinSync::Chatwoot::ReconcileJob.new.perform(scheduled)
      expect(states).to eq(["running", nil])
      expect(now).to match([include("hook" => @other.id)])
      KrayinSync::Chatwoot::ReconcileJob.new.perform(now.first)
      expect(states).to eq(["running", nil])
      reconcile.cancel_all
      run_all
      expect(states).to eq(%w[stopped done])
      expect(reconcile.where(hook_id: hook.id).count).to eq(1)
    end

    it "is not waited for without an end" do
      KrayinSync::Chatwoot::ReconcileJob.new.perform(scheduled)
      waits = now.first
      Sidekiq::ScheduledSet.new.clear
      KrayinSync::Chatwoot::ReconcileJob.new.perform(waits.merge("until" => Time.now.to_i - 1))
      expect(Sidekiq::ScheduledSet.new.size).to eq(0)
      expect(states).to eq(["running", nil])
    end
  end

  it "is a table in the terminal" do
    gone = brought(2).first
    delete(gone)
    known = link(gone).person_id
    expect { rake_task("reconcile").invoke(account.id.to_s) }
      .to output(/done\n +1  persons read.*1  persons gone.*gone: contact #{gone.id}, person #{known}/m).to_stdout
  end
end
