# frozen_string_literal: true

require_relative "../support/configured"
require_relative "support/small_chatwoot"

RSpec.describe "A hook that is disabled for a while", :chatwoot do
  include Configured

  before(:context) do
    SmallChatwoot.start
    @krayin = Krayin.new(SmallChatwoot.servers, "switched_off", throttle: false)
  end

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    @account, @hook = connect(krayin, sync_conversations: true, sync_messages: true)
    run_all
  end

  after { Integrations::Hook.where(id: @hook.id).delete_all }
  after(:context) { @krayin.stop }

  attr_reader :krayin, :account, :hook

  def contact(word) = account.contacts.create!(name: word, email: "#{word}@off.example")

  def take(name, **data) = KrayinSync::Chatwoot::Intake.take(hook, name, data)

  # Each job that is there now, once.
  def run_once
    jobs = [*Sidekiq::Queue.all.flat_map(&:to_a), *Sidekiq::ScheduledSet.new.to_a]
    jobs.each do |job|
      job.delete
      job.klass.start_with?("KrayinSync") ? job.klass.constantize.new.perform(*job.args) : run_active_job(job)
    end
  end

  def waiting = Sidekiq::ScheduledSet.new.map { |job| job.args.first["kind"] }

  it "brings what waited when it was disabled, however long it had waited" do
    late = contact("late")
    talk = conversation(late, inbox(account))
    said = message(talk, "Old words")
    [late, talk].each { |record| record.update_columns(updated_at: 9.hours.ago) }
    said.update_columns(created_at: 9.hours.ago)
    take("contact.updated", contact: late)
    take("conversation.updated", conversation: talk)
    take("message.created", message: said)
    hook.update!(status: :disabled)
    run_all
    expect(krayin.person("late@off.example")).to be_nil
    hook.update!(status: :enabled)
    run_all
    expect(krayin.person("late@off.example")).to include("name" => "late")
    expect(krayin.records["activities"].map { |one| one["comment"].to_s }.grep(/Old words/).size).to be >= 1
  end

  around { |example| with(on_contact_deleted: "unlink_and_mark") { example.run } }

  it "hears meanwhile of what no look at the records would find, and waits with it" do
    gone = contact("gone")
    take("contact.created", contact: gone)
    run_all
    hook.update!(status: :disabled)
    gone.delete
    expect(take("contact.deleted", contact_data: { id: gone.id, account_id: account.id })).to be_nil
    expect(take("contact.updated", contact: contact("quiet"))).to have_attributes(code: "hook_disabled")
    2.times { run_once }
    expect(waiting).to eq(["contact_deletion"])
    krayin.forget_requests
    hook.update!(status: :enabled)
    run_all
    expect(waiting).to eq([])
    expect(krayin.requests.map { |request| request["method"] }).to include("POST")
  end

  it "leaves nothing waiting where it is gone for good" do
    take("contact.created", contact: contact("lost"))
    Integrations::Hook.where(id: hook.id).delete_all
    run_once
    expect(waiting).to eq([])
    expect(KrayinSync::Chatwoot::JobRegistry.sizes.values.sum).to eq(0)
  end
end
