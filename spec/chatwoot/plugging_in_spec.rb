# frozen_string_literal: true

require "open3"
require "rack/mock"
require_relative "support/small_chatwoot"

RSpec.describe "Plugging into a Chatwoot", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    ActiveJob::Base.logger = nil
  end

  let(:host) { KrayinSync::Chatwoot::Compatibility }
  let(:app) { Integrations::App.find(id: "krayin") }

  it "is among the integrations of accounts with the feature, in three languages" do
    account = Account.create!(name: "Acme")
    expect(app.active?(account)).to be(false)
    account.enable_features!
    expect(app.active?(account)).to be(true)
    expect(I18n.with_locale(:en) { app.description }).to include("Krayin CRM")
    I18n.available_locales |= %i[pt_BR es]
    expect(I18n.with_locale(:pt_BR) { app.short_description }).to include("sincronia")
    expect(I18n.with_locale(:es) { app.short_description }).to include("sincronizados")
  end

  it "asks in the language of whoever looks" do
    I18n.available_locales |= %i[pt_BR es]
    labels = %i[en pt_BR es].map do |locale|
      I18n.with_locale(locale) { app.params["settings_form_schema"].first["label"] }
    end
    expect(labels).to eq(["Krayin address", "Endereço do Krayin", "Dirección de Krayin"])
    expect(app.params.keys).to eq(I18n.with_locale(:es) { app.params.keys })
  end

  it "takes a form's text for ids, and no key that it does not know" do
    schema = JsonSchemer.schema(app.params[:settings_json_schema])
    needed = { "api_url" => "https://crm.example.com", "api_token" => "1|x" }
    expect(schema.valid?(needed.merge("lead_source_id" => "3", "stage_on_first_response" => "Follow Up"))).to be(true)
    expect(schema.valid?(needed.merge("lead_source_id" => 3))).to be(true)
    expect(schema.valid?(needed.merge("other" => 1))).to be(false)
    expect(schema.valid?({ "api_url" => "x" })).to be(false)
  end

  it "serves two logos" do
    %w[krayin krayin-dark].each do |name|
      answer = Rack::MockRequest.new(Rails.application).get("/dashboard/images/integrations/#{name}.png")
      expect([answer.status, answer.body[1, 3]]).to eq([200, "PNG"])
    end
  end

  # As an image is built, and as a process starts whose databases are not up yet.
  it "is loaded as a whole at boot in production, though neither database answers" do
    env = { "RAILS_ENV" => "production", "DATABASE_URL" => "postgresql://127.0.0.1:1/none",
            "REDIS_URL" => "redis://127.0.0.1:1/0", "CHATWOOT_TMP" => servers.folder }
    ask = <<~RUBY
      require "#{SmallChatwoot::APP}/config/environment"
      rooms = File.expand_path("../../../../app", Rails.root)
      files = Dir["\#{rooms}/{jobs,models}/**/*.rb"]
      puts [APPS_CONFIG.key?("krayin"), HookListener.ancestors.first, files - $LOADED_FEATURES].inspect
    RUBY
    told, status = Open3.capture2e(env, RbConfig.ruby, "-e", ask)
    expect([told.lines.last.to_s.chomp, status.success?])
      .to eq(["[true, KrayinSync::Chatwoot::Extensions::HookListener, []]", true])
  end

  it "survives a reload of the host's classes" do
    before = HookListener.object_id
    Rails.application.reloader.reload!
    expect(HookListener.object_id).not_to eq(before)
    expect(HookListener.ancestors.first).to be(KrayinSync::Chatwoot::Extensions::HookListener)
    expect(APPS_CONFIG).to include("krayin")
  end

  it "takes events after a reload as before" do
    Rails.application.reloader.reload!
    account = Account.create!(name: "Acme")
    account.enable_features!
    hook = account.hooks.create!(app_id: "krayin",
                                 settings: { "api_url" => "http://127.0.0.1:1",
                                             "api_token" => "1|x" })
    contact = account.contacts.create!(name: "Jane", email: "reload@acme.example")
    EventDispatcherJob.perform_now("contact.created", Time.now, contact: contact)
    jobs = Sidekiq::Queue.new("krayin_sync").map { |job| [job.klass, job.args] }
    asked = { "hook_id" => hook.id, "kind" => "contact", "id" => contact.id, "bulk" => false }
    expect(jobs).to include(["KrayinSync::Chatwoot::EventJob", [include(asked)]])
  ensure
    Sidekiq::Queue.all.each(&:clear)
    KrayinSync::Chatwoot::JobRegistry.drop("#{hook.id}:contact:#{contact.id}") if contact
    hook&.destroy!
  end

  it "sets a hook up by the sweep where its job was lost, before anything else of it" do
    account = Account.create!(name: "Acme")
    account.enable_features!
    hook = account.hooks.create!(app_id: "krayin",
                                 settings: { "api_url" => "http://127.0.0.1:1",
                                             "api_token" => "1|x" })
    account.contacts.create!(name: "Jane", email: "setup@acme.example")
    Sidekiq::Queue.all.each(&:clear)
    hooks = Integrations::Hook.where(id: hook.id)
    expect(KrayinSync::Chatwoot::Sweep.new(since: Time.now - 60, hooks: hooks).run).to eq(setup: 1)
    expect(Sidekiq::Queue.new("krayin_sync").map(&:klass)).to eq(["KrayinSync::Chatwoot::SetupJob"])
  ensure
    Sidekiq::Queue.all.each(&:clear)
    hook&.destroy!
  end

  it "has sweep and reconciling run on their schedules where there are such, by a name that is a job" do
    entries = []
    stub_const("Sidekiq::Cron::Job", Class.new { define_singleton_method(:create) { |**entry| entries << entry } })
    allow(Sidekiq).to receive(:server?).and_return(true)
    jobs = [KrayinSync::Chatwoot::SweepJob, KrayinSync::Chatwoot::ReconcileJob].each(&:schedule)
    expect(entries).to match([include(cron: "*/15 * * * *", queue: "krayin_sync"),
                              include(cron: "15 2 * * *", queue: "krayin_sync")])
    expect(entries.map { |entry| entry[:class].constantize }).to eq(jobs)
  end

  it "stays out of a Chatwoot that has changed, and says what is missing" do
    told = []
    logger = Class.new { define_method(:error) { |line| told << line } }.new
    stub_const("HookJob", Class.new { def perform(event) = event })
    KrayinSync.logger = logger
    expect(host.plug_in).to be(false)
    expect(told).to match([/HookJob#perform takes other arguments.*as before/])
    expect(HookJob.ancestors).not_to include(KrayinSync::Chatwoot::Extensions::HookJob)
  ensure
    KrayinSync.logger = nil
  end

  it "says in the log what did not come of an error of its own, without the error's words" do
    told = []
    KrayinSync.logger = Class.new { define_method(:error) { |line| told << line } }.new
    guard = KrayinSync::Chatwoot::Intake.method(:guard)
    expect(guard.call("the panel's tab was not made") { raise KeyError, "jane@acme.example" }).to be_nil
    guard.call { raise KeyError, "jane@acme.example" }
    expect(told).to eq(["krayin_sync: the panel's tab was not made: KeyError",
                        "krayin_sync: an event was not taken, and is left to the sweep: KeyError"])
  ensure
    KrayinSync.logger = nil
  end

  it "lets a lock go for its owner alone" do
    first = KrayinSync::Chatwoot::Lock.new(1, 2)
    other = KrayinSync::Chatwoot::Lock.new(1, 2)
    expect([first.take, other.take, other.release, other.extend_life]).to eq([true, false, false, false])
    expect([first.extend_life, first.release, other.take, other.release]).to eq([true, true, true, true])
  end

  it "stays away from a server that is down, and lets one look at a time" do
    breaker = KrayinSync::Chatwoot::Breaker.new("down")
    expect(breaker.wait).to eq(0)
    5.times { breaker.trip }
    expect(breaker.wait).to be_between(0.1, 1)
    advance(60)
    expect([breaker.wait, breaker.wait]).to match([0, be > 1])
    breaker.release_probe
    expect([breaker.wait, breaker.wait]).to match([0, be > 1])
    breaker.trip
    expect(breaker.wait).to be_between(1, 2)
    breaker.pause_until_fixed
    expect(breaker.wait).to be > 500
    breaker.reset
    expect(breaker.wait).to eq(0)
  end

  it "queues a record once, until its job has begun, and finds the one that was lost" do
    journal = KrayinSync::Chatwoot::JobRegistry
    expect([journal.queue("9:contact:1"), journal.queue("9:contact:1")]).to match([[0, Integer], nil])
    journal.start("9:contact:1")
    expect(journal.queue("9:contact:1")).to be_truthy
    advance(700)
    expect(journal.lost).to include("9:contact:1")
    expect(journal.queue("9:contact:1")).to be_truthy
    journal.drop("9:contact:1")
    expect(journal.lost).not_to include("9:contact:1")
  end

  it "finds what was taken out of a queue and never begun, though others wait there" do
    journal = KrayinSync::Chatwoot::JobRegistry
    name = KrayinSync::Chatwoot.configuration.queue
    redis = ->(*command) { KrayinSync::Chatwoot::RedisStore.call(*command) }
    earlier = ->(id, seconds) { redis["ZINCRBY", "krayin_sync:queued", -seconds, "9:contact:#{id}"] }
    taken, waiting = [1, 2].map { |id| KrayinSync::Chatwoot::RecordRef.new(9, "contact", id) }
    taken.enqueue
    Sidekiq::Queue.new(name).clear
    waiting.enqueue
    earlier[1, 50]
    expect(journal.orphans).to eq([])
    earlier[1, 20]
    expect(journal.orphans).to eq(["9:contact:1"])
    job = JSON.parse(redis["RPOP", "queue:#{name}"])
    earlier[2, 90]
    # Milliseconds, from Sidekiq 8 on.
    [job["enqueued_at"] - 70, ((job["enqueued_at"] - 70) * 1000).to_i].each do |at|
      redis["LPUSH", "queue:#{name}", JSON.generate(job.merge("enqueued_at" => at))]
      expect(journal.orphans).to eq([])
      redis["DEL", "queue:#{name}"]
    end
    expect(journal.orphans).to eq(["9:contact:2"])
  ensure
    Sidekiq.redis { |connection| connection.call("FLUSHDB") }
  end

  it "finds what a process that died had taken out of a long queue, and leaves what is in any place" do
    lost = KrayinSync::Chatwoot::LostJobs
    stub_const("KrayinSync::Chatwoot::LostJobs::PAGE", 2)
    redis = ->(*command) { KrayinSync::Chatwoot::RedisStore.call(*command) }
    earlier = ->(id, seconds) { redis["ZINCRBY", "krayin_sync:queued", -seconds, "9:contact:#{id}"] }
    records = Array.new(7) { |id| KrayinSync::Chatwoot::RecordRef.new(9, "contact", id) }
    records[0..4].each(&:enqueue)
    Sidekiq::Queue.new(KrayinSync::Chatwoot.configuration.queue).each { |job| job.delete if job.args.first["id"] == 2 }
    records[5].enqueue(delay: 1)
    Sidekiq::ScheduledSet.new.each { |job| job.reschedule(Time.now - 40) }
    6.times { |id| earlier[id, 45] }
    redis["LPOP", "queue:#{KrayinSync::Chatwoot.configuration.queue}"]
    records[6].enqueue
    Sidekiq::Queue.new(KrayinSync::Chatwoot.configuration.queue).each { |job| job.delete if job.args.first["id"] == 6 }
    expect(lost.find).to match_array(%w[9:contact:2 9:contact:4])
    expect(lost.find).to eq([])
  ensure
    Sidekiq.redis { |connection| connection.call("FLUSHDB") }
  end

  it "says where this Chatwoot gives the token to browsers" do
    app = Integrations::App.find(id: "krayin")
    expect(app.description).not_to include("browsers")
    allow(app.class).to receive(:method_defined?).and_call_original
    allow(app.class).to receive(:method_defined?).with(:visible_properties).and_return(false)
    expect(app.description).to include("gives the API token to the browsers")
  end

  it "gives a conversation its turns, and lets its end wait for none" do
    journal = KrayinSync::Chatwoot::JobRegistry
    name = "9:conversation:1"
    _, due = journal.queue(name, delay: 2, pace: :paced)
    expect(journal.start(name, pace: 60, due: due)).to be(:began)
    seconds, later = journal.queue(name, delay: 2, pace: :paced)
    expect([seconds, journal.queue(name, delay: 2, pace: :paced)]).to match([be_between(58, 60), nil])
    _, ended = journal.queue(name, delay: 2, pace: :urgent)
    expect([ended, later - ended]).to match([Integer, be > 50])
    expect(journal.start(name, pace: 60, due: ended)).to be(:goes_on)
    _, again = journal.queue(name, delay: 2, pace: :paced)
    # The job of before the end has nothing to do; the one after it has.
    expect(journal.start(name, pace: 60, due: later - 5)).to be_nil
    expect(journal.start(name, pace: 60, due: again)).to be(:goes_on)
    journal.finish(name, done: true, unpaced: true)
    expect(journal.queue(name, delay: 2, pace: :paced)).to match([2, Integer])
    journal.drop(name)
  end

  it "reads a contact as its class does, each of its columns, without making one" do
    contact = Contact.create!(account: Account.create!(name: "Acme"), name: "Jürgen", email: "row@acme.example",
                              phone_number: "+491511234567", identifier: "crm-7", middle_name: "", last_name: nil,
                              additional_attributes: { "company_name" => "Ümlaut & Söhne", "social_profiles" => {} },
                              custom_attributes: { "since" => "2024-02-29", "seats" => 3, "vip" => true })
    allow(Contact).to receive(:instantiate).and_call_original
    data = KrayinSync::Chatwoot::EventData.read("contact", contact.id, KrayinSync::Chatwoot::LinkStore.new)
    expect(Contact).not_to have_received(:instantiate)
    fields = KrayinSync::Snapshot::CONTACT
    expect(data[:contact].slice(*fields)).to eq(fields.to_h { |name| [name, Contact.find(contact.id)[name]] })
    expect(KrayinSync::Chatwoot::EventData.read("contact", 0, KrayinSync::Chatwoot::LinkStore.new)).to be_nil
  end

  it "reads what a class keeps encrypted or as a number in words, as it does" do
    contact = Contact.create!(account: Account.create!(name: "Acme"), name: "shouted", email: "row2@acme.example")
    type = Class.new(ActiveModel::Type::String) { def deserialize(value) = value&.upcase }
    kept = Class.new(Contact) do
      self.table_name = "contacts"
      attribute :name, type.new
    end
    row = KrayinSync::Chatwoot::Row.find(kept, "SELECT *, 7 AS more FROM contacts WHERE id = #{contact.id}")
    expect([row[:name], row[:more], row.id]).to eq(["SHOUTED", 7, contact.id])
  end

  it "reads a conversation in four queries, whatever it has" do
    account = Account.create!(name: "Acme")
    contact = Contact.create!(account: account, name: "Jane", email: "sql@acme.example")
    talk = conversation(contact, inbox(account, "Email"), label_list: %w[a b])
    3.times do |n|
      Attachment.create!(message: message(talk, "Text #{n}"), account_id: account.id, file_type: :location)
    end
    queries = []
    listen = ->(*, payload) { queries << payload[:sql] unless payload[:name] == "SCHEMA" }
    read = lambda do |kind, id|
      queries.clear
      ActiveSupport::Notifications.subscribed(listen, "sql.active_record") do
        KrayinSync::Chatwoot::EventData.read(kind, id, KrayinSync::Chatwoot::LinkStore.new)
      end
    end
    data = read.call("conversation", talk.id)
    expect(queries.size).to eq(4)
    expect(data[:conversation]).to include(label_list: %w[a b], inbox_email: "support#{account.id}@acme.example")
    expect(data[:conversation][:messages].size).to eq(3)
    read.call("message", talk.messages.first.id)
    expect(queries.size).to eq(4)
    read.call("contact", contact.id)
    expect(queries.size).to eq(1)
    contact.update!(label_list: %w[vip hot])
    queries.clear
    links = KrayinSync::Chatwoot::LinkStore.new
    labelled = KrayinSync::Chatwoot::EventData.read("contact", contact.id, links, labels: true)
    expect(labelled.dig(:contact, :label_list)).to match_array(%w[vip hot])
  end

  it "shows in the initializer what holds without it, wherever Rails runs" do
    shown = KrayinSync::Configuration::OPTIONS.select(&:shown)
    stub_const("ENV", ENV.to_h.merge("KRAYIN_SYNC_ALLOWED_HOSTS" => " a.internal, b.internal"))
    %w[production staging development test].each do |name|
      allow(Rails).to receive(:env).and_return(ActiveSupport::StringInquirer.new(name))
      told = shown.map { |option| [option.name, eval(option.shown)] } # rubocop:disable Security/Eval
      holds = shown.map { |option| [option.name, option.default.respond_to?(:call) ? option.default.call : nil] }
      expect(told).to eq(holds), name
    end
  end

  it "generates an initializer with every option and the tables' migrations, once, and the upgrade where it is one" do
    require "generators/krayin_sync/install/install_generator"
    Dir.mktmpdir do |folder|
      generate = -> { KrayinSync::Generators::InstallGenerator.start(["--quiet"], destination_root: folder) }
      2.times { generate.call }
      written = File.read("#{folder}/config/initializers/krayin_sync.rb")
      KrayinSync::Configuration::OPTIONS.each { |option| expect(written).to include("# config.#{option.name} = ") }
      script = written.gsub(/^(\s*)# (config\.)/, '\1\2')
      expect { eval(script, binding) }.not_to raise_error # rubocop:disable Security/Eval
      names = -> { Dir.children("#{folder}/db/migrate").map { |name| name[/\d+_(.*)\.rb/, 1] } }
      expect(names.call).to contain_exactly("create_krayin_sync_links", "create_krayin_sync_backfills",
                                            "create_krayin_sync_looks", "create_krayin_sync_reconciles",
                                            "create_krayin_sync_history", "create_krayin_sync_acts")
      File.write("#{folder}/config/initializers/krayin_sync.rb", "# decided here")
      generate.call
      expect(File.read("#{folder}/config/initializers/krayin_sync.rb")).to eq("# decided here")
      FileUtils.touch("#{folder}/db/migrate/20260101000000_add_krayin_sync_indexes.rb")
      2.times { generate.call }
      expect(names.call).to contain_exactly("add_krayin_sync_indexes", "create_krayin_sync_links",
                                            "create_krayin_sync_backfills", "create_krayin_sync_looks",
                                            "create_krayin_sync_reconciles", "create_krayin_sync_history",
                                            "create_krayin_sync_acts",
                                            "move_krayin_sync_ids")
      load Dir["#{folder}/db/migrate/*_move_krayin_sync_ids.rb"].first
      ActiveRecord::Migration.suppress_messages { MoveKrayinSyncIds.new.up }
    end
  ensure
    KrayinSync::Records::Link.where(instance: "upgrade").delete_all
  end
end
