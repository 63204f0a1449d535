# frozen_string_literal: true

require_relative "support/small_chatwoot"

# What administrators are told of a connection by mail. The mail itself is Chatwoot's: spec/pages sends one.
RSpec.describe "Notices to administrators", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    @krayin = Krayin.new(SmallChatwoot.servers, "notices", throttle: false)
  end

  after(:context) { @krayin.stop }

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    @account, @hook = connect(@krayin)
    run_all
    allow(KrayinSync::Chatwoot::NoticeMailer).to receive(:with) do |account:|
      expect(account).to eq(@account)
      mailer
    end
  end

  after do
    notices.where(hook_id: @hook.id).delete_all
    Integrations::Hook.where(id: @hook.id).delete_all
  end

  let(:hook) { @hook.reload }
  let(:notices) { KrayinSync::Chatwoot::Notice }
  let(:told) { Queue.new }
  let(:mailer) do
    told = self.told
    Object.new.tap do |mailer|
      mailer.define_singleton_method(:notice) do |hook_id, cause, since, over|
        Struct.new(:told) { def deliver_later = told }.new(told << [hook_id, cause, over, since])
      end
    end
  end

  def said = Array.new(told.size) { told.pop[1, 2] }

  # As Sidekiq's processes do, some at the same moment.
  def look
    threads = Array.new(3) do
      Thread.new do
        ActiveRecord::Base.connection_pool.with_connection do
          notices.look_at(Integrations::Hook.find(hook.id))
        end
      end
    end
    threads.each(&:join)
  end

  def count(part, count)
    KrayinSync::Chatwoot::HourCount.add([hook.id, Time.now.utc.change(min: 0), "events", part] => count)
  end

  def later(seconds)
    notices.where(hook_id: hook.id).update_all(["told_at = told_at - ? * interval '1 second'",
                                                seconds])
  end

  it "tell of a refused token once a day, whichever process sees it, and that it works again" do
    KrayinSync::Chatwoot::HookSettings.show(hook, "The token is refused.")
    look
    expect(said).to eq([])
    hook.prompt_reauthorization!
    3.times { look }
    expect(said).to eq([["refused", false]])
    later(80_000)
    look
    expect(said).to eq([])
    later(10_000)
    look
    expect(said).to eq([["refused", false]])
    KrayinSync::Chatwoot::HookSettings.merge(hook, {}, without: %w[setup_error setup_error_at])
    hook.reauthorized!
    3.times { look }
    expect(said).to eq([["refused", true]])
  end

  it "tell of a Krayin that is away for an hour, and of none that is back before" do
    breaker = KrayinSync::Chatwoot::Breaker.new(KrayinSync::Chatwoot::RedisStore.connection_id(hook.settings))
    breaker.trip
    look
    expect(said).to eq([])
    key = Sidekiq.redis { |redis| redis.call("KEYS", "krayin_sync:breaker:*:since") }.first
    began = Time.now.to_i - 3700
    Sidekiq.redis { |redis| redis.call("SET", key, began.to_s) }
    look
    expect(told.pop).to eq([hook.id, "down", false, Time.at(began).utc.iso8601])
    expect(KrayinSync::Chatwoot::Standing.new(hook).to_h).to include(state: "down", since: Time.at(began).utc.iso8601)
    breaker.reset
    look
    expect(said).to eq([["down", true]])
    look
    expect(said).to eq([])
  end

  it "tell where more than 5 of 100 events are refused, of enough of them, and once a day though it comes and goes" do
    count("synced", 18)
    count("refused", 1)
    look
    expect(said).to eq([])
    count("refused", 1)
    look
    expect(said).to eq([["many_refused", false]])
    count("synced", 100)
    look
    expect(said).to eq([["many_refused", true]])
    count("refused", 50)
    look
    expect(said).to eq([])
  end

  it "tell of a backfill that stopped, nothing of a connection that is disabled, and stop no other's when one fails" do
    account = @account
    account.contacts.create!(name: "Jane", email: "jane-#{rand(1_000_000)}@acme.example")
    run = KrayinSync::Chatwoot::Backfill.start(hook)
    run.update!(state: "stopped", reason: "Most were refused.")
    look
    expect(said).to eq([["backfill_stopped", false]])
    run.update!(state: "cancelled")
    look
    expect(said).to eq([])
    hook.update_columns(status: "disabled")
    run.update!(state: "stopped")
    look
    expect(said).to eq([])
    allow(KrayinSync::Chatwoot::Trouble).to receive(:of).and_raise("odd")
    expect { notices.look }.not_to raise_error
  end

  it "say in three languages what is so and what to do, and run nothing" do
    table = KrayinSync::Chatwoot::NoticeWords.table
    expect(table.values.map(&:keys).uniq).to eq([%w[en pt es]])
    table.each_value do |of|
      expect(of.values.map do |texts|
               texts.map do |text|
                 text.scan(/%\{\w+\}/)
               end
             end.uniq.size).to eq(1)
    end
    hook.settings["name"] = "<script>alert(1)</script>"
    %w[refused down many_refused backfill_stopped].product([false, true]).each do |cause, over|
      words = KrayinSync::Chatwoot::NoticeWords.new(hook, cause, "2026-01-02T03:04:05Z", over: over)
      expect(words.subject).to start_with("<script>alert(1)</script>: ")
      expect(words.to_html("http://desk/krayin_sync#account=1&connection=2")).not_to include("<script")
    end
  end
end
