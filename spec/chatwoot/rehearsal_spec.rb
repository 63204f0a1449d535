# frozen_string_literal: true

require_relative "support/small_chatwoot"

# What would become of one contact, asked of Krayin and not written.
RSpec.describe "A rehearsal", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    @krayin = Krayin.new(SmallChatwoot.servers, "rehearsal", throttle: false)
    @account, @hook = connect(@krayin)
    run_all
  end

  after(:context) do
    Integrations::Hook.where(id: @hook.id).destroy_all
    @krayin.stop
  end

  it "tells how many requests it took also where it ends before the one that would change something" do
    contact = @account.contacts.create!(name: "Rita", email: "rita#{rand(1_000_000)}@acme.example")
    entry = KrayinSync::Chatwoot::RecordRef.new(@hook.id, "contact", contact.id)
    @krayin.forget_requests
    outcome = KrayinSync::Chatwoot::Rehearsal.new(entry, @hook.reload).perform
    sent = @krayin.requests
    expect(sent).not_to be_empty
    expect(outcome).to include(status: "would_change", created: ["person"], requests: sent.size)
    clear
  end
end
