# frozen_string_literal: true

require_relative "support/small_chatwoot"
require_relative "../support/records_contract"

RSpec.describe "The links of a Chatwoot", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    forget_jobs
    @krayin = Krayin.new(SmallChatwoot.servers, "links", throttle: false)
    @account, @hook = connect(@krayin, sync_conversations: true, sync_messages: true)
    run_all
  end

  after(:context) do
    @hook.destroy!
    forget_jobs
    @krayin.stop
  end

  let(:krayin) { @krayin }
  let(:account) { @account }
  let(:link) { KrayinSync::Records::Link }
  let(:hooks) { Integrations::Hook.where(id: @hook.id) }

  # Runs the jobs that wait, here, so that their statements can be counted: Chatwoot's own first.
  def run_all
    loop do
      dispatch
      Sidekiq::ScheduledSet.new.each(&:add_to_queue)
      jobs = waiting.to_a
      return if jobs.empty?

      jobs.each { |job| job.delete && job.klass.constantize.new.perform(*job.args) }
    end
  end

  # Those of other groups too: their Krayins are gone.
  def forget_jobs
    [*Sidekiq::Queue.all, Sidekiq::ScheduledSet.new, Sidekiq::RetrySet.new, Sidekiq::DeadSet.new].each(&:clear)
    KrayinSync::Chatwoot::RedisStore.call("DEL", "krayin_sync:queued", "krayin_sync:running")
  end

  def waiting = Sidekiq::Queue.all.flat_map(&:to_a).select { |job| job.klass.start_with?("KrayinSync") }

  def dispatch
    loop do
      jobs = Sidekiq::Queue.all.flat_map(&:to_a).reject { |job| job.klass.start_with?("KrayinSync") }
      return if jobs.empty?

      jobs.each { |job| job.delete && ActiveJob::Base.execute(job.args.first) }
    end
  end

  def contact(word, **fields)
    account.contacts.create!(name: word.capitalize, email: "#{word}@links.example", **fields).tap { run_all }
  end

  def link_of(record) = link.find_by!(kind: record.class.name.downcase, record_id: record.id)

  def statements(word = nil, &)
    seen = []
    listen = ->(*, event) { seen << event[:sql] unless %w[SCHEMA TRANSACTION].include?(event[:name]) }
    ActiveSupport::Notifications.subscribed(listen, "sql.active_record", &)
    word ? seen.grep(word) : seen
  end

  def requests
    krayin.forget_requests
    yield
    run_all
    krayin.requests.map { |request| "#{request["method"]} #{request["path"]}" }
  end

  describe "kept by KrayinSync::Records::ActiveRecord" do
    let(:records) { KrayinSync::Records::ActiveRecord.new }

    before { link.where(kind: %w[contact conversation], record_id: 1..16).delete_all }
    after { link.where(instance: %w[krayin-a krayin-b]).delete_all }

    it_behaves_like "a place for ids"
  end

  describe "kept by KrayinSync::Chatwoot::LinkStore" do
    let(:records) { KrayinSync::Chatwoot::LinkStore.new }

    before { link.where(kind: %w[contact conversation], record_id: 1..16).delete_all }
    after { link.where(instance: %w[krayin-a krayin-b]).delete_all }

    it_behaves_like "a place for ids"
  end

  it "costs a new contact four statements, one of them before the create, and one that changed nothing two" do
    jane = account.contacts.create!(name: "Jane", email: "jane@links.example")
    dispatch
    seen = statements { run_all }
    expect(seen.size).to be <= 5
    expect(seen.grep(/INSERT INTO krayin_sync_links/).size).to eq(2)
    Sidekiq::Queue.all.each(&:clear)
    KrayinSync::Chatwoot::RecordRef.new(@hook.id, "contact", jane.id).enqueue
    seen = statements { expect(requests { nil }).to eq([]) }
    expect(seen.size).to be <= 2
    expect(link_of(jane)).to have_attributes(state: "synced", instance: @hook.reload.settings["traits"]["instance"],
                                             person_id: be_positive, lead_id: be_positive)
  end

  it "finds the contact of a Krayin's person by an index" do
    joe = contact("joe")
    # Among one or two, or where others' are most, any index will do.
    others = Array.new(2_000) do |n|
      { kind: "contact", record_id: 9_000_000 + n, instance: link_of(joe).instance, person_id: 9_000_000 + n }
    end
    link.insert_all!(others.map { |row| row.merge(created_at: Time.now, updated_at: Time.now) })
    ActiveRecord::Base.connection.execute("ANALYZE #{link.table_name}")
    found = link.where(instance: link_of(joe).instance, person_id: link_of(joe).person_id)
    expect(found.pluck(:kind, :record_id)).to eq([["contact", joe.id]])
    ActiveRecord::Base.connection.execute("SET enable_seqscan = off")
    expect(found.explain.inspect).to include("krayin_sync_links_person_id")
  ensure
    ActiveRecord::Base.connection.execute("RESET enable_seqscan")
    link.where(record_id: 9_000_000..).delete_all
  end

  it "reads nothing that a visitor writes: neither a person's id nor anything else of the columns that are theirs" do
    victim = contact("victim")
    forged = JSON.generate("ids" => link_of(victim).ids, "server" => link_of(victim).instance)
    mallory = contact("mallory")
    ours = link_of(mallory).ids
    kept = { "external" => { "krayin" => { "ids" => link_of(victim).ids, "kept" => forged, "at" => "yesterday-ish" } },
             "krayin" => { "kept" => forged }, "krayin_activity_id" => 1 }
    mallory.update_columns(additional_attributes: kept)
    talk = conversation(mallory, inbox(account), additional_attributes: kept)
    message(talk, "Hung on somebody else")
    mallory.update!(name: "Mallory 2")
    run_all
    note = krayin.records["activities"].find { |known| known["comment"].to_s.include?("Hung on somebody else") }
    expect(note["person_ids"]).to eq([link_of(mallory).person_id])
    expect(link_of(mallory).ids).to eq(ours)
    expect(krayin.person("victim@links.example")).to include("name" => "Victim")
    expect(krayin.person("mallory@links.example")).to include("name" => "Mallory 2")
  end

  odd = ["yesterday-ish", "", 5, nil, [], { "at" => "x" }, true, "\u0000".b.inspect]
  odd.each do |value|
    it "sweeps every account whatever a contact holds: #{value.inspect[0, 30]}" do
      one = contact("odd#{odd.index(value)}")
      one.update_columns(additional_attributes: { "external" => value, "krayin" => value })
      two = contact("odder#{odd.index(value)}")
      two.update_columns(additional_attributes: { "external" => { "krayin" => { "at" => value, "kept" => value } } })
      talk = conversation(one, inbox(account), additional_attributes: { "krayin" => { "at" => value } })
      row = { name: "New", email: "new#{odd.index(value)}@links.example", account_id: account.id,
              created_at: Time.now, updated_at: Time.now }
      Contact.insert_all([row])
      expect { KrayinSync::Chatwoot::Sweep.new(since: Time.now - 60, hooks: hooks).run }.not_to raise_error
      run_all
      expect(krayin.person(row[:email])).to include("name" => "New")
      expect(link_of(talk).activity_id).to be_positive
    end
  end

  it "keeps ids whoever writes whole columns" do
    kay = contact("kay")
    talk = conversation(kay, inbox(account))
    message(talk, "First")
    run_all
    activity = link_of(talk.reload).activity_id
    expect(talk.additional_attributes["krayin_activity_id"]).to eq(activity)
    # As DetectLanguageService and AvatarFromUrlJob write what they read earlier.
    talk.update_columns(additional_attributes: { "conversation_language" => "en" })
    kay.update_columns(additional_attributes: { "last_avatar_sync_at" => 1 })
    talk.update!(priority: :urgent)
    kay.update!(name: "Kay 2")
    expect(requests { nil }.grep(/POST/)).to eq([])
    expect(link_of(talk).activity_id).to eq(activity)
    expect(krayin.person("kay@links.example")).to include("name" => "Kay 2")
    titles = krayin.records["activities"].map { |known| known["title"] }
    expect(titles.grep(/\AConversation ##{talk.display_id}\b/).size).to eq(1)
  end

  it "says why a record is not in Krayin, and forgets it when it is" do
    lou = contact("lou")
    krayin.faults({ method: "PUT", path: "/contacts/persons/#{link_of(lou).person_id}", action: "status",
                    status: 422, times: "forever",
                    body: { message: "Invalid.", errors: { name: ["The name is odd."] } } })
    lou.update!(name: "Lou 2")
    run_all
    expect(link_of(lou)).to have_attributes(state: "refused", reason_code: /\A(?:values_refused|value_taken)\z/,
                                            attempts: 1)
    krayin.heal
    lou.update!(name: "Lou 3")
    run_all
    expect(link_of(lou)).to have_attributes(state: "synced", reason_code: nil, attempts: 0)
  end

  it "says why a contact is left out, and brings it when that is no more" do
    moe = contact("moe", email: "none", phone_number: nil)
    expect(link_of(moe)).to have_attributes(state: "skipped", reason_code: "no_identity", person_id: nil)
    moe.update!(email: "moe@links.example")
    run_all
    expect(link_of(moe)).to have_attributes(state: "synced", reason_code: nil)
    expect(link_of(moe).person_id).not_to be_nil
  end

  it "has a reason for every event that gets no job" do
    intake = KrayinSync::Chatwoot::Intake
    nobody = @account.contacts.create!(name: "Nobody")
    note = Message.new(message_type: :outgoing, private: true)
    refused = {
      "no_identity" => ["contact.created", { contact: nobody }],
      "unchanged" => ["contact.updated", { contact: nobody, changed_attributes: { "last_activity_at" => [1, 2] } }],
      "message_not_public" => ["message.created", { message: note }],
      "event_wrong" => ["conversation.created", {}]
    }
    codes = refused.transform_values { |name, data| intake.take(@hook, name, data)&.code }
    expect(codes).to eq(refused.keys.to_h { |code| [code, code] })
    expect(intake.take(@hook, "contact.updated", { contact: contact("ned") })).to be_nil
    run_all
  end
end
