# frozen_string_literal: true

require_relative "support/small_chatwoot"

# What an administrator is shown of each record, and what they do about it.
RSpec.describe "Where records of a Chatwoot are in Krayin", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    @krayin = Krayin.new(SmallChatwoot.servers, "whereabouts", throttle: false)
  end

  after(:context) { @krayin.stop }

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    @krayin.heal
    @account, @hook = connect(@krayin, sync_conversations: true)
    run_all
  end

  after { Integrations::Hook.where(id: @hook.id).delete_all }

  let(:krayin) { @krayin }
  let(:account) { @account }
  let(:hook) { @hook.reload }
  let(:word) { "wh#{rand(1_000_000)}" }
  let(:refusal) { "values_refused" }
  let(:care) { KrayinSync::Chatwoot::LinkCare.new(hook) }

  def list(**asked) = KrayinSync::Chatwoot::LinkList.new(hook, **asked).page

  def row(record)
    number = record.try(:display_id) || record.id
    list(search: number.to_s, kind: record.class.name.downcase)[:links].find { |one| one[:record_id] == record.id }
  end

  def link(record) = KrayinSync::Records::Link.find_by(kind: record.class.name.downcase, record_id: record.id)

  it "is looked at when somebody asks, in their language, and what is wrong is told with what mends it" do
    looked = KrayinSync::Chatwoot::Check.new(hook, locale: "pt_BR").to_h
    expect(looked[:status]).not_to eq("fail")
    expect(looked[:findings].map { |found| found[:check] }).to include("address", "token", "user", "server")
    expect(looked[:findings]).to include(include(severity: "ok", check: "user", message: "vê todos os registros"))
    hook.update_columns(settings: hook.settings.merge("api_token" => "7|gone"))
    wrong = KrayinSync::Chatwoot::Check.new(hook.reload, locale: "en").to_h
    expect(wrong[:status]).to eq("fail")
    failed = wrong[:findings].find { |found| found[:severity] == "fail" }
    expect(failed).to include(check: "token", advice: a_string_starting_with("Create a new API token"))
    expect(wrong.to_s).not_to include("7|gone")
  end

  def contact(name, **fields)
    account.contacts.create!(name: name, email: "#{name.downcase.gsub(/[^a-z0-9]+/, "-")}-#{word}@acme.example",
                             **fields)
  end

  # One whom Krayin does not take.
  def refused(name, **fields)
    krayin.faults({ method: "POST", path: "*", action: "status", status: 422, times: "forever",
                    body: { message: "No", errors: { "job_title" => ["The job title is odd."] } } })
    contact(name, **fields).tap { run_all }
  ensure
    krayin.heal
  end

  it "says where each is, and of who is not there why not, how often it was tried and when" do
    jane = contact("Jane Roe", phone_number: "+1415555#{rand(1000..9999)}")
    run_all
    person = link(jane).person_id
    expect(row(jane)).to include(
      state: "synced", name: "Jane Roe", email: jane.email, reason: nil, tries: 0, page: %r{/contacts/#{jane.id}\z},
      krayin: include({ type: "person", id: person,
                        page: krayin.url.sub("/api/v1", "/admin/contacts/persons/view/#{person}") })
    )
    mike = refused("Mike")
    expect(row(mike)).to include(state: "refused", tries: 1, krayin: [], tried_at: /\A20/,
                                 reason: include(code: refusal, sentence: /Krayin.*job_title/))
    I18n.with_locale(:es) { expect(row(mike)[:reason][:sentence]).to end_with("Corríjalos.").or(include("otro")) }
    nobody = account.contacts.create!(name: "Nobody")
    expect(row(nobody)).to include(state: "absent", reason: include(code: "no_identity"))
    unheard = Contact.find(Contact.insert!({ name: "Unheard", email: "unheard@acme.example", account_id: account.id,
                                             created_at: Time.now, updated_at: Time.now }).rows.first.first)
    expect(row(unheard)).to include(state: "absent", reason: include(code: "not_in_krayin"))
    expect(list(state: "absent")[:links].map { |one| one[:record_id] }).to contain_exactly(unheard.id, nobody.id)
  end

  it "finds by name, address, number and id, whatever is written, and by state and reason" do
    jane = contact("Jane Roe", phone_number: "+1415555#{rand(1000..9999)}")
    odd = contact("x 100% _Bob' \\ OR 1=1 --")
    run_all
    talk = conversation(jane, inbox(account))
    run_all
    mike = refused("Mike")
    ids = ->(**asked) { list(**asked)[:links].map { |one| one[:record_id] } }
    expect([ids[search: "jane roe"], ids[search: jane.email.upcase], ids[search: jane.phone_number[2..]]].uniq)
      .to eq([[jane.id]])
    expect(ids[search: jane.id.to_s]).to include(jane.id)
    expect([ids[search: "100% _bob' \\"], ids[search: "1_0"], ids[search: "'; --"]]).to eq([[odd.id], [], []])
    expect([ids[search: "ja"], ids[search: "ro"], ids[search: "an"]]).to eq([[jane.id], [jane.id], []])
    stub_const("KrayinSync::Chatwoot::LinkList::MANY", 0)
    talks = %w[jane mike].map { |name| ids[kind: "conversation", search: name] }
    expect(talks).to eq([[talk.id], []])
    expect([ids[state: "refused"], ids[reason: refusal], ids[state: "refused", reason: "no_identity"]])
      .to eq([[mike.id], [mike.id], []])
    expect(%w[mi ja].map { |search| ids[state: "refused", search: search] }).to eq([[mike.id], []])
    expect(ids[state: "synced", search: "ja"]).to eq([jane.id])
    expect(ids[state: "synced"]).to contain_exactly(jane.id, odd.id)
    expect([ids[kind: "conversation"], ids[kind: "conversation", search: "##{talk.display_id}"],
            ids[kind: "conversation", search: "jane"], ids[kind: "conversation", search: "mike"]])
      .to eq([[talk.id], [talk.id], [talk.id], []])
    expect { list(kind: "users") }.to raise_error(ArgumentError, /kind must be one of/)
    expect { list(after: "1; DROP") }.to raise_error(ArgumentError, "after must be a number.")
  end

  it "goes on where a page has ended, with a search and without" do
    all = Array.new(7) { |n| contact("Paged #{n}") }
    run_all
    KrayinSync::Records::Link.where(record_id: all.map(&:id), kind: "contact").update_all(state: "refused")
    [{}, { search: "paged" }, { search: "pa", state: "refused" }].each do |asked|
      seen = []
      after = nil
      loop do
        page = list(limit: 3, after: after, **asked)
        seen += page[:links].map { |one| one[:record_id] }
        break unless (after = page[:after])
      end
      expect(seen).to eq(all.map(&:id).reverse)
    end
  end

  it "counts by state and reason, and shows nothing of another account with the same Krayin" do
    contact("Jane")
    run_all
    refused("Mike")
    other, second = connect(krayin)
    run_all
    stranger = other.contacts.create!(name: "Stranger", email: "stranger-#{word}@acme.example")
    run_all
    expect(KrayinSync::Chatwoot::HookSettings.instance(second.reload))
      .to eq(KrayinSync::Chatwoot::HookSettings.instance(hook))
    counts = KrayinSync::Chatwoot::LinkCounts.of(hook)
    expect(counts["contact"]).to include(states: { "synced" => 1, "refused" => 1 })
    expect(counts["contact"][:reasons]).to match([include(state: "refused", code: refusal, count: 1,
                                                          sentence: /job_title/)])
    expect(list(search: "stranger")[:links]).to eq([])
    expect(list[:links].map { |one| one[:name] }).to contain_exactly("Jane", "Mike")
    [-> { care.retry("contact", stranger.id) }, -> { care.keep_out("contact", stranger.id) },
     -> { care.decide(stranger.id, "same") }].each do |act|
      expect(&act).to raise_error(ActiveRecord::RecordNotFound)
    end
    Integrations::Hook.where(id: second.id).delete_all
  end

  it "tries one again, or all that have a reason" do
    three = Array.new(3) { |n| refused("Mike #{n}") }
    expect(three.map { |one| krayin.person(one.email) }).to all(be_nil)
    care.retry("contact", three.first.id)
    run_all
    expect(krayin.person(three.first.email)).to be_a(Hash)
    expect(row(three.first)).to include(state: "synced", tries: 0)
    care.retry_all(kind: "contact", state: "refused", reason: refusal)
    run_all
    expect(three.map { |one| krayin.person(one.email) }).to all(be_a(Hash))
    expect(three.map { |one| row(one)[:state] }.uniq).to eq(["synced"])
    expect { care.retry_all(kind: "contact", state: "doubtful") }.to raise_error(ArgumentError)
  end

  it "tries again a field that was left out" do
    jane = contact("Jane")
    run_all
    krayin.faults({ method: "PUT", path: "/contacts/persons/*", action: "status", status: 422, times: "forever",
                    body: { message: "No", errors: { "name" => ["No"] } } })
    jane.update!(name: "Jane Two")
    run_all
    krayin.heal
    before = row(jane)
    expect(krayin.person(jane.email)["name"]).to eq("Jane")
    care.retry("contact", jane.id)
    run_all
    expect([before[:state], krayin.person(jane.email)["name"], row(jane)[:state]])
      .to eq(["refused", "Jane Two", "synced"])
  end

  it "keeps one out, with what is said there, until somebody has it tried again" do
    jane = contact("Jane")
    run_all
    care.keep_out("contact", jane.id)
    expect(row(jane)).to include(state: "skipped", kept_out: true, reason: include(code: "kept_out"))
    # As a job does that had begun before.
    KrayinSync::Records::Link.where(kind: "contact", record_id: jane.id).update_all(state: "synced", reason_code: nil)
    jane.update!(name: "Jane Two")
    talk = conversation(jane, inbox(account))
    run_all
    expect([krayin.person(jane.email)["name"], link(talk)&.activity_id]).to eq(["Jane", nil])
    expect(row(jane)).to include(state: "skipped", kept_out: true, reason: include(code: "kept_out"))
    care.retry("contact", jane.id)
    care.retry("conversation", talk.id)
    run_all
    expect([krayin.person(jane.email)["name"], link(talk)&.activity_id]).to match(["Jane Two", Integer])
    expect(row(jane)).to include(state: "synced", kept_out: false)
  end

  it "keeps one out that was never there, and takes out of Krayin what is to go" do
    jane = contact("Jane")
    care.keep_out("contact", jane.id)
    run_all
    expect(krayin.person(jane.email)).to be_nil
    kept = contact("Kept")
    run_all
    care.keep_out("contact", kept.id)
    KrayinSync::Chatwoot::Erasure.new(hook, kept.id).run
    expect(krayin.person(kept.email)).to be_nil
  end

  it "keeps one out of a backfill as well, and tells so in a dry run" do
    kept = contact("Kept")
    care.keep_out("contact", kept.id)
    clear
    [true, false].each do |dry_run|
      run = KrayinSync::Chatwoot::Backfill.start(hook, dry_run: dry_run)
      run_all
      expect(run.report).to include(state: "done", skipped: 1, created: 0)
      expect(run.examples["skipped"]).to eq([[kept.id, "kept_out"]])
    end
    expect(krayin.person(kept.email)).to be_nil
  end

  it "says how the connection stands, and since when it does not" do
    standing = -> { KrayinSync::Chatwoot::Standing.new(Integrations::Hook.find(@hook.id)).to_h }
    expect(standing.call).to include(state: "working", since: nil, sentence: /The connection works/, tokens: 1,
                                     krayin: krayin.url.sub("/api/v1", "/admin"))
    breaker = KrayinSync::Chatwoot::Breaker.new(KrayinSync::Chatwoot::RedisStore.connection_id(hook.settings))
    2.times { breaker.trip }
    expect(Time.parse(standing.call[:since])).to be_within(60).of(Time.now)
    expect(standing.call).to include(state: "down", sentence: /\AKrayin cannot be reached now/)
    breaker.reset
    KrayinSync::Chatwoot::HookSettings.show(hook, "Krayin does not accept this API token.")
    expect(standing.call).to include(state: "refused", since: /\A20/, sentence: /does not accept this API token/)
    hook.reload.update_columns(status: 0)
    expect(standing.call[:state]).to eq("disabled")
    expect(JSON.generate(standing.call)).not_to include(krayin.tokens.first)
  end

  describe "told to monitors" do
    let(:health) { KrayinSync::Chatwoot::HealthEndpoint.new(token: "monitor-0123456789") }

    def ask(token = "monitor-0123456789", method: "GET")
      status, headers, body = health.call("REQUEST_METHOD" => method, "HTTP_AUTHORIZATION" => "Bearer #{token}")
      [status, headers["content-type"].include?("json") ? JSON.parse(body.join) : body.join]
    end

    before { Integrations::Hook.where.not(id: @hook.id).delete_all }

    it "is whether each works and since when not, to whom has the token" do
      expect(ask).to match([200, include("status" => "working", "queue" => "working", "connections" => [
                                           { "id" => @hook.id, "account_id" => account.id, "state" => "working",
                                             "since" => nil }
                                         ])])
      breaker = KrayinSync::Chatwoot::Breaker.new(KrayinSync::Chatwoot::RedisStore.connection_id(hook.settings))
      breaker.trip
      expect(ask).to match([503, include("status" => "failing",
                                         "connections" => [include("state" => "down", "since" => /\A20/)])])
      breaker.reset
      hook.update_columns(status: 0)
      expect(ask.first).to eq(200)
      hook.update_columns(status: 1)
      KrayinSync::Chatwoot::HookSettings.show(hook, "No.")
      expect(ask).to match([503, include("connections" => [include("state" => "refused")])])
      expect(JSON.generate(ask)).not_to include(krayin.url, krayin.tokens.first)
      expect([ask("monitor-0123456780").first, ask("").first, ask(method: "POST").first]).to eq([401, 401, 405])
      expect { KrayinSync::Chatwoot::HealthEndpoint.new(token: "") }.to raise_error(KrayinSync::ConfigurationError)
    end

    it "is that nobody works the queue" do
      KrayinSync::Chatwoot::RecordRef.new(@hook.id, "contact", 1).enqueue
      queue = "queue:#{KrayinSync::Chatwoot.configuration.queue}"
      job = JSON.parse(Sidekiq.redis { |redis| redis.call("LINDEX", queue, -1) })
      long_ago = job["enqueued_at"].is_a?(Integer) ? job["enqueued_at"] - 1_000_000 : job["enqueued_at"] - 1000
      Sidekiq.redis { |redis| redis.call("LSET", queue, -1, JSON.generate(job.merge("enqueued_at" => long_ago))) }
      expect(ask).to match([503, include("status" => "failing", "queue" => "stuck")])
    end
  end
end
