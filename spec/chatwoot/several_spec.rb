# frozen_string_literal: true

require_relative "../support/configured"
require_relative "support/small_chatwoot"

# The jobs run in this process.
RSpec.describe "Several Krayins of one account", :chatwoot do
  include Configured

  before(:context) do
    SmallChatwoot.start
    @krayins = %w[north south].map { |name| Krayin.new(SmallChatwoot.servers, name, tokens: 2, throttle: false) }
  end

  after(:context) { @krayins.each(&:stop) }

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    @krayins.each(&:heal)
    @account = Account.create!(name: "Acme")
    @account.enable_features!
  end

  after { Integrations::Hook.where(account_id: @account.id).destroy_all }

  attr_reader :account

  let(:north) { @krayins.first }
  let(:south) { @krayins.last }
  let(:link) { KrayinSync::Records::Link }
  let(:word) { "several#{rand(1_000_000_000)}" }

  def hook(krayin, account: @account, token: 0, **settings)
    settings = krayin.settings(token, sync_conversations: true, sync_messages: true, **settings)
    account.hooks.create!(app_id: "krayin", settings: settings)
  end

  def contact(name,
              **fields)
    account.contacts.create!(name: name, email: "#{name.downcase}@#{word}.example", **fields)
  end

  def persons(krayin, contact)
    krayin.records["persons"].select { |person| person["emails"].to_s.include?(contact.email) }
  end

  def leads(krayin, contact)
    ids = persons(krayin, contact).map { |person| person["id"] }
    krayin.records["leads"].select { |lead| ids.include?(lead["person_id"] || lead.dig("person", "id")) }
  end

  # Of both, persons, leads and activities with these words.
  def counts(contact, said = nil)
    @krayins.map do |krayin|
      told = krayin.records["activities"].count { |known| said && known["comment"].to_s.include?(said) }
      [persons(krayin, contact).size, leads(krayin, contact).size, *(told if said)]
    end
  end

  def box(name)
    Inbox.create!(account: account, name: name, channel: Channel::Api.create!(account_id: account.id))
  end

  def link_of(record, hook)
    link.find_by(kind: record.class.name.downcase, record_id: record.id,
                 instance: hook.reload.settings.dig("traits", "instance"))
  end

  it "brings a contact, its conversation and its words to each, once, and keeps what each knows apart" do
    hooks = @krayins.map { |krayin| hook(krayin) }
    jane = contact("Jane")
    talk = conversation(jane, box("Web"))
    said = message(talk, "Hello #{word}")
    run_all
    expect(counts(jane, "Hello #{word}")).to eq([[1, 1, 2]] * 2)
    links = hooks.map { |one| [jane, talk, said].map { |record| link_of(record, one) } }
    expect(links.flatten).to all(have_attributes(state: "synced"))
    jane.update!(name: "Jane Two")
    2.times { run_all }
    expect(@krayins.map { |krayin| persons(krayin, jane).map { |person| person["name"] } }).to eq([["Jane Two"]] * 2)
    expect(link.where(kind: "contact", record_id: jane.id).count).to eq(2)
  end

  it "leaves to each what another has stored meanwhile" do
    stores = %w[krayin-a krayin-b].map do |instance|
      [instance, KrayinSync::Chatwoot::LinkStore.new(instance: instance)]
    end
    id = rand(7_000_000..7_000_999)
    # Both have loaded before either stores.
    expect(stores.map { |_, store| store.load("contact", id) }).to eq([nil, nil])
    stores.each_with_index do |(instance, store), n|
      store.store("contact", id, JSON.generate(ids: "krayin:person:#{n + 1}", server: instance))
    end
    first, second = stores.map(&:last)
    kept = JSON.parse(first.load("contact", id))
    link.where(kind: "contact", record_id: id, instance: "krayin-b").delete_all
    mine = [kept, *kept["others"]].find { |known| known["server"] == "krayin-a" }
    first.store("contact", id, JSON.generate(mine.merge("others" => [kept.except("others")])))
    # What the other one has let go does not come back.
    expect(link.where(kind: "contact", record_id: id).pluck(:instance)).to eq(["krayin-a"])
    second.store("contact", id, JSON.generate(ids: "krayin:person:2", server: "krayin-b"))
    expect(link.where(kind: "contact", record_id: id).pluck(:instance, :person_id).sort)
      .to eq([["krayin-a", 1], ["krayin-b", 2]])
  ensure
    link.where(instance: %w[krayin-a krayin-b]).delete_all
  end

  describe "of which one is in trouble" do
    {
      "down" => { action: "status", status: 503, times: "forever" },
      "refusing its token" => { action: "refused_token", times: "forever" },
      "closing connections" => { action: "close_before_acting", times: "forever" }
    }.each do |what, fault|
      it "goes on with the other where one is #{what}, and with both when that is over" do
        one, other = @krayins.map { |krayin| hook(krayin) }
        run_all
        north.faults(fault)
        jane = contact("Jane")
        3.times { run_now }
        expect(counts(jane).last).to eq([1, 1])
        expect([link_of(jane, one)&.state, link_of(jane, other).state]).to eq(%w[waiting synced])
        expect(other.reload.settings).not_to have_key("setup_error")
        north.heal
        KrayinSync::Chatwoot::HookSettings.works(one.reload)
        advance(700)
        2.times { run_all_retried }
        expect(counts(jane)).to eq([[1, 1]] * 2)
      end
    end
  end

  # What is due now, once.
  def run_now
    due = [*Sidekiq::Queue.all.flat_map(&:to_a), *Sidekiq::ScheduledSet.new.to_a, *Sidekiq::RetrySet.new.to_a]
    due.each { |job| job.delete && run_one(job) }
  end

  def run_one(job)
    return run_active_job(job) unless job.klass.start_with?("KrayinSync")

    job.klass.constantize.new.tap { |one| one.jid = job.jid }.perform(*job.args)
  rescue KrayinSync::Error
    # Sidekiq would try it again.
    Sidekiq::RetrySet.new.schedule(Time.now.to_f + 1, job.item)
  end

  def run_all_retried
    20.times do
      return if pending_jobs.values_at(:pushed, :scheduled, :retried).sum.zero?

      advance(60)
      run_now
    end
  end

  describe "routed" do
    it "by inbox: a conversation and who speaks in it go where the inbox leads, and nowhere else" do
      boxes = %w[North South].map { |name| box(name) }
      hook(north, route_inboxes: "North")
      hook(south, route_inboxes: boxes.last.id.to_s)
      ann, bob, both, nobody = %w[Ann Bob Both Nobody].map { |name| contact(name) }
      message(conversation(ann, boxes.first), "Ann #{word}")
      message(conversation(bob, boxes.last), "Bob #{word}")
      boxes.each { |one| message(conversation(both, one), "Both #{one.name} #{word}") }
      run_all
      expect([counts(ann, "Ann #{word}"), counts(bob, "Bob #{word}")]).to eq([[[1, 1, 2], [0, 0, 0]],
                                                                              [[0, 0, 0], [1, 1, 2]]])
      expect([counts(both, "Both North #{word}"), counts(both, "Both South #{word}")])
        .to eq([[[1, 1, 2], [1, 1, 0]], [[1, 1, 0], [1, 1, 2]]])
      expect(counts(nobody)).to eq([[0, 0]] * 2)
      expect(link.where(record_id: [ann.id, bob.id, nobody.id], kind: "contact").count).to eq(2)
    end

    it "by label: of the contact, or of one of its conversations; what loses it stays, and goes on when it returns" do
      one = hook(north, route_labels: "VIP")
      hook(south)
      ann, bob = %w[Ann Bob].map { |name| contact(name) }
      talk = conversation(bob, box("Web"))
      run_all
      expect([counts(ann), counts(bob)]).to eq([[[0, 0], [1, 1]]] * 2)
      ann.update!(label_list: %w[other vip])
      talk.update!(label_list: %w[vip])
      run_all
      expect([counts(ann), counts(bob)]).to eq([[[1, 1], [1, 1]]] * 2)
      known = persons(north, ann)
      ann.update!(label_list: %w[other])
      run_all
      ann.update!(name: "Ann Elsewhere")
      message(conversation(ann, box("Shop")), "Unseen #{word}")
      run_all
      expect(persons(north, ann)).to eq(known)
      expect(persons(south, ann).first["name"]).to eq("Ann Elsewhere")
      expect(counts(ann, "Unseen #{word}")).to eq([[1, 1, 0], [1, 1, 2]])
      expect(link_of(ann, one)).to have_attributes(state: "skipped", reason_code: "not_routed", person_id: Integer)
      requests = statements { run_all }
      expect(requests).to eq(0)
      ann.update!(label_list: %w[vip])
      run_all
      expect(persons(north, ann).map { |person| [person["id"], person["name"]] })
        .to eq([[known.first["id"], "Ann Elsewhere"]])
      expect(link_of(ann, one)).to have_attributes(state: "synced", reason_code: nil)
    end

    it "by country: the contact's own, else its number's; of whom neither is known go to who takes everybody" do
      hook(north, route_countries: "br, us")
      hook(south)
      number = { phone_number: "+55119#{rand(10_000_000..99_999_999)}" }
      here = [contact("Br", **number), contact("Us", additional_attributes: { "country_code" => "us" })]
      there = [contact("Unknown"), contact("Ca", phone_number: "+1416967#{rand(1000..9999)}"),
               contact("Moved", additional_attributes: { "country_code" => "PT" },
                                phone_number: "+55119#{rand(10_000_000..99_999_999)}")]
      message(conversation(here.first, box("Web")), "Oi #{word}")
      message(conversation(there.first, box("Shop")), "Hi #{word}")
      run_all
      expect(here.map { |one| counts(one) }).to eq([[[1, 1], [1, 1]]] * 2)
      expect(there.map { |one| counts(one) }).to eq([[[0, 0], [1, 1]]] * 3)
      expect([counts(here.first, "Oi #{word}"), counts(there.first, "Hi #{word}")])
        .to eq([[[1, 1, 2]] * 2, [[0, 0, 0], [1, 1, 2]]])
    end

    it "moves an inbox: what is there stays where it is, and what comes goes on elsewhere, each once" do
      web = box("Web")
      one = hook(north, route_inboxes: "Web")
      other = hook(south, route_inboxes: box("Shop").name)
      ann = contact("Ann")
      talk = conversation(ann, web)
      message(talk, "Before #{word}")
      run_all
      expect(counts(ann, "Before #{word}")).to eq([[1, 1, 2], [0, 0, 0]])
      one.update!(settings: { "route_inboxes" => "Shop" })
      other.update!(settings: { "route_inboxes" => "Web" })
      before = persons(north, ann)
      message(talk, "After #{word}")
      ann.update!(name: "Ann Moved")
      2.times { run_all }
      expect([counts(ann, "Before #{word}").first, counts(ann, "After #{word}").first]).to eq([[1, 1, 2], [1, 1, 0]])
      expect(persons(north, ann)).to eq(before)
      # Its note shows what was said before as well.
      expect([counts(ann, "Before #{word}").last, counts(ann, "After #{word}").last]).to eq([[1, 1, 1], [1, 1, 2]])
      expect(persons(south, ann).first["name"]).to eq("Ann Moved")
    end

    it "keeps a renamed inbox, and says of a deleted one that it is gone: its Krayin is nobody's, not everybody's" do
      web = box("Web")
      one = hook(north, route_inboxes: "web")
      expect(one.reload.settings["route_inboxes"]).to eq("Web (#{web.id})")
      web.update!(name: "Renamed (7)")
      ann = contact("Ann")
      conversation(ann, web)
      run_all
      expect(counts(ann).first).to eq([1, 1])
      web.destroy!
      bob = contact("Bob")
      conversation(bob, box("Other"))
      run_all
      expect(counts(bob).first).to eq([0, 0])
      expect(KrayinSync::Chatwoot::StandingWords.of(one.reload)).to include("works", "no inbox \"Web (#{web.id})\"")
      # What it is for need not be mended to change something else.
      one.update!(settings: { "sync_messages" => false })
      expect { one.update!(settings: { "route_inboxes" => "Web, Other" }) }
        .to raise_error(ActiveRecord::RecordInvalid, /no inbox "Web"\. Enter one of these: Other/)
    end

    it "refuses a country that is none, with one sentence" do
      expect { hook(north, route_countries: "BR, Brazil") }
        .to raise_error(ActiveRecord::RecordInvalid, /route_countries must be .*two letters/)
    end

    it "sweeps and imports for each those that are for it" do
      web = box("Web")
      hook(north, route_inboxes: "Web", route_countries: "BR")
      hook(south, route_labels: "vip")
      run_all
      ann = contact("Ann")
      bob = contact("Bob", label_list: %w[vip])
      cid = contact("Cid", phone_number: "+55119#{rand(10_000_000..99_999_999)}")
      message(conversation(ann, web), "Swept #{word}")
      clear
      Sidekiq.redis { |redis| redis.call("DEL", "krayin_sync:queued") }
      hooks = Integrations::Hook.where(account: account)
      found = KrayinSync::Chatwoot::Sweep.new(since: Time.now - 60, hooks: hooks).run
      expect(found.slice(:contact, :conversation, :message)).to eq(contact: 3, conversation: 1, message: 1)
      run_all
      expect([ann, bob, cid].map { |one| counts(one) }).to eq([[[1, 1], [0, 0]], [[0, 0], [1, 1]], [[1, 1], [0, 0]]])
      again = KrayinSync::Chatwoot::Sweep.new(since: Time.now + 1, hooks: hooks).run
      expect(again.slice(:contact, :conversation, :message).values.sum).to eq(0)
    end

    it "costs a contact what it did, with a route as without: an unchanged one a statement, a new one three" do
      one = hook(north, route_labels: "vip", route_countries: "BR", route_inboxes: box("Web").id.to_s)
      run = lambda do |contact|
        asked = { "job_id" => "spec", "hook_id" => one.id, "kind" => "contact", "id" => contact.id, "bulk" => false }
        calls = 0
        allow(KrayinSync::Chatwoot::RedisStore).to receive(:call).and_wrap_original do |call, *command|
          calls += 1
          call.call(*command)
        end
        job = KrayinSync::Chatwoot::EventJob.new.tap { |new| new.jid = "spec" }
        [statements { job.perform(asked) }, calls]
      end
      here = Array.new(2) { |n| contact("Here#{n}", label_list: %w[vip]) }
      clear
      run.call(here.first)
      expect(run.call(here.last)).to match([be <= 3, be <= 3])
      expect(run.call(here.last)).to match([be <= 1, be <= 1])
      expect(run.call(contact("There"))).to match([be <= 1, be <= 1])
      expect(here.map { |contact| persons(north, contact).size }).to eq([1, 1])
    end
  end

  describe "connected" do
    it "with the same Krayin and token twice is refused, however the address is written" do
      hook(north, name: "Sales")
      uri = URI(north.url)
      host = "#{uri.host}:#{uri.port}"
      ["http://#{host}", "http://#{host}/", "HTTP://#{host}/api", "http://#{host}/api/v1/",
       "http://localhost:#{uri.port}"].each do |url|
        expect { hook(north, api_url: url) }
          .to raise_error(ActiveRecord::RecordInvalid, /connection Sales has this Krayin and this token already/), url
      end
      expect(account.hooks.count).to eq(1)
    end

    it "with names that tell them apart: their own, else the host's; never the same twice" do
      first = hook(north)
      second = hook(south, name: " Sales ")
      third = hook(north, token: 1, name: "")
      host = URI(north.url).then { |uri| "#{uri.host}:#{uri.port}" }
      expect([first, second, third].map { |one| one.reload.settings["name"] }).to eq([host, "Sales", "#{host} 2"])
      expect { first.update!(settings: { "name" => "sales" }) }
        .to raise_error(ActiveRecord::RecordInvalid, /Another connection of this account is called sales/)
      first.update!(settings: { "name" => "Support" })
      expect(first.reload.settings["name"]).to eq("Support")
      allow(Current).to receive(:account).and_return(account) if defined?(Current)
      told = Integrations::App.find(id: "krayin").description_for(*account.hooks.order(:id))
      expect(told).to match(/Support: The connection works.*Sales: The connection works/)
    end

    it "tells two that were installed at the same moment from one image apart" do
      hooks = @krayins.map { |krayin| hook(krayin) }
      same = hooks.first.reload.settings.dig("traits", "instance")
      hooks.last.destroy!
      traits = hooks.first.settings["traits"]
      found = { "traits" => traits, "api_url" => south.url, "api_token" => south.tokens.first }
      apart = KrayinSync::Chatwoot::Siblings.new(account.hooks.new(app_id: "krayin")).tell_apart(found)
      expect(apart.dig("traits", "instance")).to match(/\A#{same}~\h{12}\z/)
      expect(apart).not_to have_key("shares_with")
      again = KrayinSync::Chatwoot::Siblings.new(account.hooks.new(app_id: "krayin")).tell_apart(apart)
      expect(again.dig("traits", "instance")).to eq(apart.dig("traits", "instance"))
    end

    it "with two tokens of one Krayin as two: one person, one lead and one note, by whichever" do
      first = hook(north, name: "One")
      second = hook(north, token: 1, name: "Two")
      expect(second.reload.settings.values_at("shares_with").first).to eq(first.id)
      jane = contact("Jane")
      message(conversation(jane, box("Web")), "Once #{word}")
      run_all
      expect(counts(jane, "Once #{word}").first).to eq([1, 1, 2])
      lock = KrayinSync::Chatwoot::Lock.new(first.id, jane.id)
      lock.take
      jane.update!(name: "Jane Held")
      dispatch = Sidekiq::Queue.all.flat_map(&:to_a)
      dispatch.each { |job| job.delete && run_one(job) }
      Sidekiq::Queue.all.flat_map(&:to_a).each { |job| job.delete && run_one(job) }
      expect(persons(north, jane).first["name"]).to eq("Jane")
      lock.release
      run_all
      expect(persons(north, jane).first["name"]).to eq("Jane Held")
    end

    it "from two accounts makes no second person of whom both know" do
      other = Account.create!(name: "Beta").tap(&:enable_features!)
      hook(north)
      theirs = hook(north, account: other)
      jane = contact("Jane")
      run_all
      other.contacts.create!(name: "Jane", email: jane.email)
      run_all
      expect(counts(jane).first).to eq([1, 1])
    ensure
      theirs&.destroy!
    end
  end

  describe "and what is taken back" do
    around { |example| with(on_contact_deleted: policy) { example.run } }

    let(:policy) { "erase" }

    it "takes a deleted contact out of each, also where it is for another one by now" do
      one = hook(north)
      hook(south)
      gone = contact("Gone")
      talk = conversation(gone, box("Web"))
      message(talk, "Words #{word}")
      run_all
      expect(counts(gone, "Words #{word}")).to eq([[1, 1, 2]] * 2)
      one.update!(settings: { "route_labels" => "nobody" })
      talk.messages.each(&:delete)
      talk.delete
      gone.destroy!
      run_all
      expect(counts(gone, "Words #{word}")).to eq([[0, 0, 0]] * 2)
    end

    it "takes a message's words out of each" do
      @krayins.each { |krayin| hook(krayin) }
      said = message(conversation(contact("Ann"), box("Web")), "Secret #{word}")
      run_all
      said.update!(content: "This message was deleted", content_attributes: { "deleted" => true })
      run_all
      shown = @krayins.map { |krayin| krayin.records["activities"].to_s.include?("Secret #{word}") }
      expect(shown).to eq([false, false])
    end

    context "when it is only marked" do
      let(:policy) { "unlink_and_mark" }

      it "marks it in each, and lets go of its own links alone" do
        @krayins.each { |krayin| hook(krayin) }
        gone = contact("Gone")
        talk = conversation(gone, box("Web"))
        run_all
        talk.delete
        gone.destroy!
        run_all
        marked = @krayins.map do |krayin|
          krayin.records["activities"].count { |known| known["title"].to_s.include?("(contact #{gone.id})") }
        end
        expect(marked).to eq([1, 1])
      end
    end

    it "merges in each that has the two, and brings who is left to that which had the other alone" do
      web = box("Web")
      hook(north)
      hook(south, route_inboxes: "Web")
      kept = contact("Kept")
      merged = contact("Merged")
      conversation(merged, web)
      run_all
      expect([counts(kept), counts(merged)]).to eq([[[1, 1], [0, 0]], [[1, 1], [1, 1]]])
      ContactMergeAction.new(account: account, base_contact: kept, mergee_contact: merged).perform
      run_all
      found = @krayins.map { |krayin| persons(krayin, kept.reload).size }
      expect(found).to eq([1, 1])
      all = @krayins.map { |krayin| krayin.records["persons"].count { |person| person["emails"].to_s.include?(word) } }
      expect(all).to match([be_between(1, 2), 1])
      expect(link.where(kind: "contact", record_id: merged.id).where.not(merged: nil).count).to eq(0)
    end
  end

  it "follows a contact that is merged twice before any job has run, where a Krayin knows the first one alone" do
    web = box("Web")
    hook(north)
    hook(south, route_inboxes: "Web")
    one, two, three = %w[One Two Three].map { |name| contact(name) }
    conversation(one, web)
    run_all
    expect([one, two, three].map { |each| counts(each).last }).to eq([[1, 1], [0, 0], [0, 0]])
    ContactMergeAction.new(account: account, base_contact: two, mergee_contact: one).perform
    ContactMergeAction.new(account: account, base_contact: three, mergee_contact: two.reload).perform
    run_all
    expect(@krayins.map { |krayin| persons(krayin, three.reload).size }).to eq([1, 1])
    expect(link.where(kind: "contact", record_id: [one.id, two.id]).where.not(merged: nil).count).to eq(0)
    run_all
    expect(@krayins.last.records["persons"].count { |person| person["emails"].to_s.include?(word) }).to eq(1)
  end

  it "lets the jobs of a hook that is deleted meanwhile end, and the others' run" do
    one = hook(north)
    hook(south)
    jane = contact("Jane")
    run_active = Sidekiq::Queue.all.flat_map(&:to_a).reject { |job| job.klass.start_with?("KrayinSync") }
    run_active.each { |job| job.delete && run_active_job(job) }
    one.destroy!
    run_all
    expect(counts(jane)).to eq([[0, 0], [1, 1]])
    expect(pending_jobs.values.sum).to eq(0)
  end

  it "starts with one whose settings cannot be read, and goes on with the other" do
    one = hook(north)
    hook(south)
    odd = { "lead_source_id" => "odd", "route_inboxes" => { "x" => 1 }, "name" => ["x"] }
    one.update_columns(settings: one.reload.settings.merge(odd))
    jane = contact("Jane")
    3.times { run_now }
    expect(counts(jane).last).to eq([1, 1])
    found = nil
    expect { found = KrayinSync::Chatwoot::Sweep.new(since: Time.now - 60).run }.not_to raise_error
    expect(found).to be_a(Hash)
  end

  it "has tasks that say which: doctor, settings, configure, erase, mapping" do
    hook(north, name: "Sales")
    two = hook(south, name: "Support")
    run_all
    expect { rake_task("settings").invoke(account.id.to_s, "sync_messages=false") }
      .to raise_error(SystemExit).and output(/Say which: Sales, Support/).to_stderr
    expect { rake_task("settings").invoke("#{account.id}:support", "sync_messages=false") }.to output(/works/).to_stdout
    expect(two.reload.settings["sync_messages"]).to be(false)
    expect { rake_task("mapping:check").invoke(account.id.to_s) }.to output(/, Sales:.*, Support:/m).to_stdout
    expect { rake_task("doctor").invoke(account.id.to_s) }
      .to raise_error(SystemExit).and output(/Account #{account.id}, Sales.*Account #{account.id}, Support/m).to_stdout
    jane = contact("Jane")
    run_all
    jane.destroy!
    expect { rake_task("erase").invoke(account.id.to_s, jane.id.to_s) }
      .to output(/Sales:\nErased: .*person.*Support:\nErased: .*person/m).to_stdout
    expect(counts(jane)).to eq([[0, 0]] * 2)
    Tempfile.create(["krayin", ".yml"]) do |file|
      file.write(<<~YAML)
        accounts:
          #{account.id}:
            sync_messages: true
            krayins:
              Support:
                route_labels: [vip, Gold]
      YAML
      file.flush
      expect { rake_task("configure").invoke(file.path) }.to output(/, Support: sync_messages, route_labels/).to_stdout
    end
    expect(account.hooks.order(:id).map { |one| one.settings["route_labels"] }).to eq([nil, "vip, gold"])
  end
end
