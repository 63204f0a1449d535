# frozen_string_literal: true

require "rake"
require_relative "servers"
require_relative "krayin"

# The small Chatwoot: loaded into this process, which saves records, while Sidekiq runs in processes of its own.
module SmallChatwoot
  APP = File.expand_path("../app", __dir__)

  class << self
    attr_reader :servers

    def start
      return if @servers

      @servers = Servers.new.start
      ENV.update(@servers.environment)
      # As in a host, where Rails is there first; here the library was.
      require "logger"
      require "rails"
      require_relative "../../../lib/krayin_sync/engine"
      require "#{APP}/config/environment"
      ActiveRecord::Schema.verbose = false
      load "#{APP}/db/schema.rb"
    end

    def stop
      @servers&.stop
      @servers = nil
    end

    # Takes every connection away, and every job with it.
    def disconnect
      return unless @servers

      Integrations::Hook.delete_all
      KrayinSync::Chatwoot::ShownLead.delete_all
      Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    end

    # @return [Integer] the process id of a Sidekiq
    # @param poll [Integer] seconds between looks at what is due later; Sidekiq's own are some five
    def sidekiq(threads: 10, poll: 1, **env)
      queues = %w[critical medium default].flat_map { |queue| ["-q", queue] }
      env = { poll: poll, **env }.to_h { |name, value| [name.to_s.upcase, value.to_s] }
      options = ["-r", APP, "-c", threads.to_s, *queues, "-t", "8"]
      @servers.spawn("sidekiq", *options, name: "sidekiq", env: env)
    end
  end

  # What the examples say.
  module Steps
    def servers = SmallChatwoot.servers

    # @return [Integer] SQL statements of the block's
    def statements(&)
      found = 0
      count = ->(*, event) { found += 1 unless %w[SCHEMA TRANSACTION].include?(event[:name]) || event[:cached] }
      ActiveSupport::Notifications.subscribed(count, "sql.active_record", &)
      found
    end

    # @return [Rake::Task] one of the gem's, to be invoked
    def rake_task(name)
      # What is loaded again does all of it again.
      Rails.application.load_tasks unless Rake::Task.task_defined?("krayin_sync:#{name}")
      Rake::Task["krayin_sync:#{name}"].tap(&:reenable)
    end

    def connect(krayin, token: 0, **settings)
      account = Account.create!(name: "Acme")
      account.enable_features!
      hook = account.hooks.create!(app_id: "krayin", settings: krayin.settings(token, **settings))
      [account, hook]
    end

    def inbox(account, type = "Api")
      fields = type == "Email" ? { email: "support#{account.id}@acme.example" } : {}
      channel = Channel.const_get(type).create!(account_id: account.id, **fields)
      Inbox.create!(account: account, name: "#{type} inbox", channel: channel)
    end

    ADDRESSES = { "Whatsapp" => "14155550100", "TwilioSms" => "+14155550100", "Sms" => "+14155550100" }.freeze

    def conversation(contact, inbox, **fields)
      type = inbox.channel_type.delete_prefix("Channel::")
      address = ADDRESSES.fetch(type) { "#{type.downcase}-#{contact.id}" }
      row = ContactInbox.create!(contact: contact, inbox: inbox, source_id: address)
      Conversation.create!(account: contact.account, contact: contact, inbox: inbox, contact_inbox: row, **fields)
    end

    def message(conversation, content, from: conversation.contact, **fields)
      type = from.is_a?(Contact) ? :incoming : :outgoing
      Message.create!(account: conversation.account, inbox: conversation.inbox, conversation: conversation,
                      content: content, sender: from, message_type: type, **fields)
    end

    # Waits until the block is true.
    def eventually(seconds = 30)
      give_up = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
      until yield
        raise "not within #{seconds} s; #{pending_jobs}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > give_up

        sleep 0.1
      end
    end

    # No job waits, runs, or is to be tried again.
    def settled? = pending_jobs.values.sum.zero?

    def settle(seconds = 60)
      quiet = 0
      eventually(seconds) { (quiet = settled? ? quiet + 1 : 0) >= 8 }
    end

    # Likewise where processes have died. Sidekiq forgets them within a minute; before its version 7 nobody looks at
    # each of its beats for what they had begun.
    def settle_after_deaths(seconds = 150)
      quiet = 0
      eventually(seconds) do
        KrayinSync::Chatwoot::Sweep.recover
        (quiet = settled? ? quiet + 1 : 0) >= 8
      end
    end

    # No job is left.
    def clear = [*Sidekiq::Queue.all, Sidekiq::ScheduledSet.new, Sidekiq::RetrySet.new].each(&:clear)

    # Every job in this process, and those that come of it.
    def run_all
      until (jobs = [*Sidekiq::Queue.all.flat_map(&:to_a), *Sidekiq::ScheduledSet.new.to_a]).empty?
        jobs.each do |job|
          job.delete
          job.klass.start_with?("KrayinSync") ? job.klass.constantize.new.perform(*job.args) : run_active_job(job)
        end
      end
    end

    def run_active_job(job) = ActiveJob::Base.execute(job.args.first)

    def pending_jobs
      journal = %i[queued running].to_h do |name|
        [name, KrayinSync::Chatwoot::RedisStore.call("ZCARD", "krayin_sync:#{name}")]
      end
      { pushed: Sidekiq::Queue.all.sum(&:size), scheduled: Sidekiq::ScheduledSet.new.size,
        retried: Sidekiq::RetrySet.new.size, **journal }
    end

    # Moves all that waits for its time this much nearer: the jobs', the breakers' and the budgets' clocks.
    def advance(seconds)
      Sidekiq.redis do |redis|
        %w[schedule retry krayin_sync:queued krayin_sync:running].each { |key| nearer(redis, key, seconds) }
        redis.call("KEYS", "krayin_sync:pace:*:state").each { |key| move_state(redis, key, seconds * 1_000_000) }
        redis.call("KEYS", "krayin_sync:breaker:*:away").each { |key| redis.call("DEL", key) }
      end
    end

    private

    def nearer(redis, key, by)
      redis.call("ZRANGE", key, "0", "-1").each { |member| redis.call("ZINCRBY", key, (-by).to_s, member) }
    end

    # Everything in a state of the limiter that is a time.
    def move_state(redis, key, micros)
      state = JSON.parse(redis.call("GET", key))
      state["ended"] &&= state["ended"] - micros
      %w[learned may_end ends].each { |time| state["window"][time] -= micros } if state["window"]
      state["reserved"].each_value { |slot| slot["since"] -= micros }
      redis.call("SET", key, JSON.generate(state), "PX", "600000")
    end
  end
end

if defined?(RSpec)
  RSpec.configure do |config|
    config.include SmallChatwoot::Steps, :chatwoot
    # A sweep goes over every connection: none of a Krayin that is gone is left to the next file.
    config.after(:context, :chatwoot) { SmallChatwoot.disconnect }
    config.after(:suite) { SmallChatwoot.stop }
  end
end
