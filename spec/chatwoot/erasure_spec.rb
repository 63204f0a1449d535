# frozen_string_literal: true

require_relative "support/small_chatwoot"

# A contact's data taken out of Krayin on request, beside the jobs.
RSpec.describe "An erasure", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    @krayin = Krayin.new(SmallChatwoot.servers, "erasure", throttle: false)
  end

  after(:context) { @krayin.stop }

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    @account, @hook = connect(@krayin)
    run_all
    @contact = @account.contacts.create!(name: "Gunda", email: "gunda#{rand(1_000_000)}@gone.example")
    run_all
  end

  after do
    @krayin.heal
    Integrations::Hook.where(id: @hook.id).destroy_all
  end

  let(:store) { KrayinSync::Chatwoot::RedisStore }

  def erase = KrayinSync::Chatwoot::Erasure.new(@hook.reload, @contact.id).run

  def key(name) = store.key(name, @hook.id, @contact.id)

  it "keeps the contact to itself for as long as it waits for the budget" do
    @krayin.faults({ action: "too_many_requests", retry_after: 80, times: "forever" })
    erasing = Thread.new { ActiveRecord::Base.connection_pool.with_connection { erase } }
    eventually { store.call("PTTL", key("lock")).positive? && @krayin.requests.any? { |one| one["status"] == 429 } }
    store.call("PEXPIRE", key("lock"), 20_000)
    eventually { store.call("PTTL", key("lock")) > 20_000 }
    expect(erasing).to be_alive
  ensure
    erasing&.kill&.join
  end

  it "leaves nothing that a job has read of the contact before to be used" do
    gate = KrayinSync::Chatwoot::Gate.new(KrayinSync::Chatwoot::RecordRef.new(@hook.id, "contact", @contact.id),
                                          @contact.id, @hook.reload.settings, jid: "1")
    store.call("DEL", key("left"))
    gate.look
    expect(erase["erased"]).to include("person" => 1)
    expect { gate.pass }.to raise_error(KrayinSync::Chatwoot::Gate::Overtaken)
  end
end
