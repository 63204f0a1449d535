# frozen_string_literal: true

require_relative "support/one_krayin"

# Krayins that tell nothing of a budget.
%w[2.2.3-official 2.2.3-community].each do |server|
  RSpec.describe "A Krayin that counts no requests, #{server}", :chatwoot do
    include_context "with one Krayin", "uncounted-#{server}", server: server, sync_conversations: true

    let(:address) { "jane#{rand(1_000_000)}@uncounted.example" }

    def made = @account.contacts.create!(name: "Jane", email: address).tap { run_all }

    def locks = Sidekiq.redis { |redis| redis.call("KEYS", "krayin_sync:lock:*") }

    it "gets a contact once, its changes, and nothing where nothing changed" do
      expect(@hook.reload.settings.dig("traits", "rate_headers")).to be(false)
      who = made
      expect(@krayin.person(address)["name"]).to eq("Jane")
      who.update!(name: "Jane Doe")
      run_all
      expect(@krayin.person(address)["name"]).to eq("Jane Doe")
      @krayin.forget_requests
      who.update!(name: "Jane Doe", last_activity_at: Time.current)
      run_all
      expect([@krayin.requests, locks]).to eq([[], []])
    end

    it "is asked while the contact's lock is held" do
      held = []
      # After each attempt.
      allow_any_instance_of(KrayinSync::Chatwoot::Gate).to receive(:extend_life).and_wrap_original do |original|
        held << locks.size
        original.call
      end
      made
      expect(held).to all(eq(1)).and satisfy(&:any?)
    end
  end
end

RSpec.describe "A Krayin that tells of its budget at times", :chatwoot do
  include_context "with one Krayin", "counted-at-times", server: "2.1.0", sync_conversations: true

  def client = KrayinSync::Api::LeadClient.new(@krayin.url, @krayin.tokens.first)

  # As a proxy does that answers by itself.
  def answer_without_budget
    @krayin.faults({ method: "GET", path: "/settings/sources", action: "status", status: 200, body: '{"data": []}' })
    client.get("settings/sources")
  end

  it "gets each contact once, and its changes" do
    expect(@hook.reload.settings.dig("traits", "rate_headers")).to be(true)
    address = "john#{rand(1_000_000)}@uncounted.example"
    answer_without_budget
    who = @account.contacts.create!(name: "John", email: address)
    run_all
    expect(@krayin.person(address)["name"]).to eq("John")
    answer_without_budget
    who.update!(name: "John Doe")
    run_all
    expect(@krayin.person(address)["name"]).to eq("John Doe")
    expect(Sidekiq.redis { |redis| redis.call("KEYS", "krayin_sync:lock:*") }).to eq([])
  end
end
