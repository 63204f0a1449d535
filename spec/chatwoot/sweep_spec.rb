# frozen_string_literal: true

require_relative "support/small_chatwoot"
require_relative "support/crowd"

RSpec.describe "The sweep of a large Chatwoot", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    @krayin = Krayin.new(SmallChatwoot.servers, "sweep", throttle: false)
    @crowds = [30_000, 200, 2_000].map do |size|
      account, hook = connect(@krayin, sync_conversations: true, sync_messages: true)
      Crowd.fill(account, inbox(account), hook.reload.settings["traits"]["instance"], size)
      [account, hook]
    end
    Crowd.analyze
  end

  after(:context) do
    @crowds.each { |account, _| Crowd.remove(account) }
    @krayin.stop
  end

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    Crowd.age
  end

  def sweep(seconds = 3600)
    KrayinSync::Chatwoot::Sweep.new(since: Time.now - seconds, hooks: Integrations::Hook.where(id: hooks)).run
  end

  def hooks = @crowds.map { |_, hook| hook.id }

  def queued = KrayinSync::Chatwoot::RedisStore.call("ZRANGE", "krayin_sync:queued", 0, -1)

  def statements(&)
    seen = []
    listen = lambda do |*, event|
      seen << written_out(event) if event[:sql].match?(/\A\s*SELECT/i) && event[:name] != "SCHEMA"
    end
    ActiveSupport::Notifications.subscribed(listen, "sql.active_record", &)
    seen
  end

  def written_out(event)
    binds = event[:type_casted_binds]
    binds = binds.call if binds.respond_to?(:call)
    event[:sql].gsub(/\$(\d+)/) { ActiveRecord::Base.connection.quote(binds.to_a[Regexp.last_match(1).to_i - 1]) }
  end

  def plan(sql) = ActiveRecord::Base.connection.select_values("EXPLAIN #{sql}").join("\n")

  let(:scan) { /Seq Scan on (?:contacts|conversations|messages|krayin_sync_links)/ }

  it "reads no table from end to end" do
    expect(plan("SELECT id FROM contacts WHERE updated_at >= now() - interval '1 hour'")).to match(scan)
    Crowd.touch(@crowds.map(&:first), 20)
    Crowd.analyze
    seen = statements { expect(sweep).to include(contact: 60, conversation: 60, message: 60) }
    plans = seen.to_h { |sql| [sql, plan(sql)] }
    expect(plans.size).to be > 20
    %w[contacts conversations messages].each do |table|
      expect(plans.keys.grep(/FROM "#{table}".*LEFT JOIN krayin_sync_links/m)).not_to be_empty
    end
    expect(plans.select { |_, told| told.match?(scan) }).to eq({})
  end

  it "finds what was written without callbacks, and what was never told, in each account" do
    now = Time.now
    @crowds.each do |account, _|
      account.contacts.order(:id).last.update_columns(name: "Changed", updated_at: now)
      account.conversations.order(:id).first.update_columns(priority: 3, updated_at: now)
      Contact.insert_all([{ name: "New", email: "new#{account.id}@crowd.example", account_id: account.id,
                            created_at: now, updated_at: now }])
    end
    found = sweep(60)
    expect(found.slice(:contact, :conversation)).to eq(contact: 6, conversation: 3)
    wanted = @crowds.flat_map do |account, hook|
      account.contacts.order(:id).last(2).map { |one| "#{hook.id}:contact:#{one.id}" } <<
        "#{hook.id}:conversation:#{account.conversations.order(:id).first.id}"
    end
    expect(queued).to include(*wanted)
  end

  it "finds all of a window, however many were written at the same moment" do
    account, hook = @crowds.first
    at = Time.now.floor
    account.contacts.limit(4_500).update_all(updated_at: at)
    talk = account.conversations.first
    Message.insert_all(Array.new(1_200) do
      { content: "x", account_id: account.id, inbox_id: talk.inbox_id, conversation_id: talk.id, message_type: 0,
        created_at: at, updated_at: at }
    end)
    found = KrayinSync::Chatwoot::Sweep.new(since: at, hooks: Integrations::Hook.where(id: hook.id)).run
    expect(found).to include(contact: 4_500, message: 1_200)
    expect(found[:message]).to eq(queued.grep(/:message:/).size)
  end
end
