# frozen_string_literal: true

require_relative "support/whole_chatwoot"

# What the gem does to the rest of Chatwoot: nothing.
RSpec.describe "Beside Chatwoot's own work", :whole do
  before(:context) do
    @krayin = Krayin.new(WholeChatwoot.servers, "neighbours", throttle: false)
    @desk = connected_desk("Neighbours", @krayin, sync_conversations: true, sync_messages: true)
  end

  after(:context) do
    disconnect(@desk)
    @krayin.stop
  end

  it "leaves the texts of validations as they are" do
    answer = @desk.agent.post("/contacts", name: "X", email: "no address")
    expect([answer.status, answer["message"]]).to match([422, /Invalid email/])
  end

  it "keeps an error of its own from the dispatcher and from those who listen after it" do
    listen = <<~RUBY
      contact = Contact.create!(account_id: account, name: "Odd", email: "odd@shop.example")
      intake = KrayinSync::Chatwoot::Intake.singleton_class
      intake.alias_method :kept_take, :take
      intake.define_method(:take) { |*| raise "Redis is away" }
      heard = []
      listener = Object.new
      listener.define_singleton_method(:contact_updated) { |event| heard << event.name }
      dispatcher = AsyncDispatcher.new
      dispatcher.load_listeners
      dispatcher.subscribe(listener)
      begin
        dispatcher.publish_event("contact.updated", Time.zone.now, contact: contact, changed_attributes: nil)
      ensure
        intake.alias_method :take, :kept_take
      end
      heard
    RUBY
    expect(inside(listen, account: @desk.account)).to eq(["contact.updated"])
  end

  it "sweeps all accounts, whatever a visitor of one has written" do
    forged = [{ "external" => "x" }, { "external" => { "krayin" => 7 } }, { "external" => [1] },
              { "external" => { "krayin" => { "at" => "yesterday-ish", "ids" => 7, "kept" => "{" } } },
              { "krayin" => { "kept" => "{", "at" => [] }, "krayin_activity_id" => "x" }]
    forged.each_with_index do |attributes, number|
      visitor = @desk.visitor
      answer = visitor.identify(email: "forger#{number}@shop.example", additional_attributes: attributes)
      expect(answer.status).to eq(200)
      visitor.begin_chat("Hello #{number}")
    end
    other = connected_desk("Swept", @krayin)
    inside("Contact.insert_all([{ account_id: account, name: 'Imported', email: 'imported@shop.example', " \
           "created_at: Time.now, updated_at: Time.now }]).rows.size", account: other.account)
    inside("KrayinSync::Chatwoot::SweepJob.enqueue; 1")
    eventually(60) { @krayin.person("imported@shop.example") }
    forged.each_index { |number| eventually { @krayin.person("forger#{number}@shop.example") } }
    disconnect(other)
  end

  it "works with Chatwoot's logger of jobs, which reads their arguments" do
    WholeChatwoot.command("restart", "sidekiq", "ENABLE_SIDEKIQ_DEQUEUE_LOGGER=true")
    @desk.agent.post("/contacts", name: "Logged", email: "logged@shop.example")
    inside("KrayinSync::Chatwoot::SweepJob.enqueue; 1")
    eventually { @krayin.person("logged@shop.example") }
    contact = inside("Contact.find_by(email: 'logged@shop.example').id")
    log = File.read(File.join(WholeChatwoot.folder, "opt/run/sidekiq.log"))
    expect(log).to match(/Dequeued KrayinSync::Chatwoot::EventJob \d+:contact:#{contact} from krayin_sync/)
  ensure
    WholeChatwoot.command("restart", "sidekiq")
  end

  it "lets Chatwoot's jobs pass however many of its own wait" do
    expect(inside("Sidekiq::ProcessSet.new.first['queues']")).to include("low", "krayin_sync")
  end
end
