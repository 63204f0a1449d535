# frozen_string_literal: true

require "webrick"
require_relative "figures"
require_relative "../spec/whole/support/whole_chatwoot"

# What a contact's job costs inside the whole Chatwoot, beside the job of Chatwoot's own LeadSquared integration for the
# same contacts against a stub of its calls: in one process and one run.
class ChatwootBench
  include Figures

  ROUNDS = Integer(ENV.fetch("ROUNDS", 7))
  CONTACTS = 40

  # In Chatwoot's process, which both jobs run in. Nobody else's are run meanwhile: LeadSquared's saves are events.
  MEASURE = <<~RUBY
    counted = { sql: 0, redis: 0 }
    listen = ->(*, event) { counted[:sql] += 1 unless %w[SCHEMA TRANSACTION].include?(event[:name]) || event[:cached] }
    ActiveSupport::Notifications.subscribe("sql.active_record", listen)
    unless defined?(CountedRedis)
      Object.const_set(:CountedRedis, Module.new do
        singleton_class.attr_accessor :count
        # The metrics go to Redis every ten seconds, by a thread of their own.
        %i[call call_pipelined].each do |name|
          define_method(name) do |command, config, &block|
            CountedRedis.count += 1 if Thread.current == Thread.main
            super(command, config, &block)
          end
        end
      end)
      RedisClient.register(CountedRedis)
    end
    CountedRedis.count = 0
    now = Time.current
    ours = Integrations::Hook.find_by!(account_id: account, app_id: "krayin")
    stub = Integrations::Hook.find_by(account_id: account, app_id: "leadsquared")
    unless stub
      Integrations::Hook.insert!({ account_id: account, app_id: "leadsquared", status: 1, created_at: now, updated_at: now,
                                   settings: { access_key: "a", secret_key: "s", endpoint_url: endpoint } })
      stub = Integrations::Hook.find_by!(account_id: account, app_id: "leadsquared")
    end
    rows = Array.new(contacts) do |n|
      { account_id: account, name: "Bench \#{round} \#{n}", email: "bench-\#{round}-\#{n}@bench.example",
        phone_number: format("+1415%07d", (round * 1000) + n), created_at: now, updated_at: now }
    end
    ids = Contact.insert_all!(rows).rows.flatten
    measure = lambda do |jobs|
      # As a process of Sidekiq's has it between two jobs.
      Sidekiq.redis { |redis| redis.call("PING") }
      GC.start
      counted[:sql] = 0
      CountedRedis.count = 0
      began = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID)
      ActiveRecord::Base.uncached { jobs.each(&:call) }
      cpu = Process.clock_gettime(Process::CLOCK_PROCESS_CPUTIME_ID) - began
      [counted[:sql], CountedRedis.count, cpu * 1000].map { |sum| sum.fdiv(jobs.size) }
    end
    job = lambda do |id|
      asked = { "job_id" => "bench", "hook_id" => ours.id, "kind" => "contact", "id" => id, "bulk" => false }
      -> { KrayinSync::Chatwoot::EventJob.new.perform(asked) }
    end
    theirs = lambda do |id|
      contact = Contact.find(id)
      -> { HookJob.perform_now(stub, "contact.updated", contact: contact) }
    end
    told = { ours_new: measure.(ids.map(&job)), theirs_new: measure.(ids.map(&theirs)),
             ours_same: measure.(ids.map(&job)), theirs_same: measure.(ids.map(&theirs)) }
    ActiveSupport::Notifications.unsubscribe(listen)
    # A job that was put off, or did nothing, costs little, and is no figure.
    synced = KrayinSync::Records::Link.where(kind: "contact", record_id: ids, state: "synced").where.not(lead_id: nil)
    done = { ours: synced.count, theirs: Contact.where(id: ids).count { |one| one.additional_attributes.to_h["external"] } }
    raise "of \#{ids.size} contacts were synced: \#{done}" unless done.values.uniq == [ids.size]
    told.merge(emails: rows.pluck(:email))
  RUBY

  CLEAR = <<~RUBY
    Integrations::Hook.where(account_id: account).destroy_all
    [*Sidekiq::Queue.all, Sidekiq::ScheduledSet.new, Sidekiq::RetrySet.new].sum do |set|
      set.select { |job| job.klass.to_s.start_with?("KrayinSync") || job.display_class == "HookJob" }.each(&:delete).size
    end
  RUBY

  # Messages that are sent in turn, with and without so many contacts that wait.
  MESSAGES = Integer(ENV.fetch("MESSAGES", 12))
  WAITING = 3000

  WHATSAPP = <<~RUBY
    now = Time.current
    id = Channel::Whatsapp.insert!({ account_id: account, phone_number: number, provider: "default",
                                     provider_config: { "api_key" => "k" }, created_at: now, updated_at: now }).first["id"]
    Inbox.create!(account_id: account, channel: Channel::Whatsapp.find(id), name: "WhatsApp").id
  RUBY

  # Contacts without events, as an import's, found as they are found at its end.
  IMPORT = <<~RUBY
    now = Time.current
    rows = Array.new(count) do |n|
      { account_id: account, name: "Wait \#{n}", email: "wait-\#{n}@bench.example", created_at: now, updated_at: now }
    end
    Contact.insert_all!(rows)
    hooks = Integrations::Hook.where(account_id: account, app_id: "krayin")
    KrayinSync::Chatwoot::Sweep.new(since: now - 5, hooks: hooks).run[:contact]
  RUBY

  def run
    # As it is released, in a Sidekiq as it comes.
    ENV["CHATWOOT_OPTIMIZED"] ||= "1"
    ENV["CHATWOOT_POLL"] ||= ""
    WholeChatwoot.start
    @krayin = Krayin.new(WholeChatwoot.servers, "bench", throttle: false)
    extend(WholeChatwoot::Steps)
    @desk = connected_desk("Bench", @krayin)
    settle
    jobs = alone { figures(Array.new(ROUNDS + 1) { |number| round(number + 1) }.drop(1)) }
    jobs + beside_a_crowd
  ensure
    @stub&.shutdown
    WholeChatwoot.stop
  end

  private

  # Without Sidekiq's processes.
  def alone
    WholeChatwoot.command("signal", "sidekiq", "STOP")
    yield
  ensure
    inside(CLEAR, account: @desk.account)
    WholeChatwoot.command("signal", "sidekiq", "CONT")
  end

  # A customer's WhatsApp message while contacts wait to be brought over, of a Krayin that answers at once and of one
  # that takes half a second.
  def beside_a_crowd
    @desk = connected_desk("Crowd", @krayin)
    @number = format("+4930%07d", rand(10_000_000))
    inside(WHATSAPP, account: @desk.account, number: @number)
    seen # the first one loads Chatwoot's code
    alone = Array.new(MESSAGES) { seen }
    { "at once" => 0, "in half a second" => 500 }.map do |answers, delay|
      @krayin.faults({ action: "delay", ms: delay, times: "forever" }) if delay.positive?
      delays(alone, Array.new(MESSAGES) { beside { seen } }, answers)
    ensure
      @krayin.heal
      inside("Sidekiq::Queue.new('krayin_sync').clear; KrayinSync::Chatwoot::Uninstall.new.run; " \
             "Contact.where(account_id: account).where('email LIKE ?', 'wait-%').delete_all", account: @desk.account)
    end
  end

  # @return what the block returns, while so many contacts wait
  def beside
    waiting = -> { inside("KrayinSync::Chatwoot::JobRegistry.sizes.fetch('queued')") }
    inside(IMPORT, account: @desk.account, count: WAITING) if waiting.call < WAITING / 2
    yield.tap { raise "only #{waiting.call} contacts waited to the end" if waiting.call < 100 }
  end

  # @return [Float] seconds from a message's arrival to its being Chatwoot's
  def seen
    text = "Seen #{rand(1_000_000_000)}"
    from = format("491512%07d", rand(10_000_000))
    request = Net::HTTP::Post.new("/webhooks/whatsapp/#{@number}", "Content-Type" => "application/json")
    request.body = JSON.generate(contacts: [{ profile: { name: "Wanda" }, wa_id: from }],
                                 messages: [{ from: from, id: "wamid.#{rand(1_000_000_000)}", text: { body: text },
                                              timestamp: Time.now.to_i.to_s, type: "text" }])
    began = wall
    WholeChatwoot.send_request(request)
    there = "Message.unscoped.where(account_id: account, content: text).exists?"
    eventually(120, step: 0.02) { inside(there, account: @desk.account, text: text) }
    wall - began
  end

  def delays(alone, beside, answers)
    middle = ->(times) { times.sort[times.size / 2] }
    told = { "alone" => alone, "beside them" => beside }.map do |what, times|
      "#{middle[times].round(2)} s #{what} (at most #{times.max.round(2)})"
    end
    figure("chatwoot_whatsapp_later_#{answers.tr(" ", "_")}",
           "a WhatsApp message beside #{WAITING} contacts, a Krayin that answers #{answers}: seconds later", "≤ 1",
           beside.map { |time| time - middle[alone] }, told.join(", "))
  end

  # @return [Hash] of which all contacts are in Krayin, each once
  def round(number)
    told = inside(MEASURE, account: @desk.account, endpoint: leadsquared, contacts: CONTACTS, round: number)
    emails = @krayin.records["persons"].flat_map { |person| person["emails"].to_a.map { |email| email["value"] } }
    missing = told["emails"].reject { |email| emails.count(email) == 1 }
    raise "not in Krayin, or twice: #{missing}" if missing.any?

    told
  end

  # The two calls that its job makes.
  def leadsquared
    return @leadsquared if @leadsquared

    @stub = WEBrick::HTTPServer.new(BindAddress: "127.0.0.1", Port: 0, AccessLog: [],
                                    Logger: WEBrick::Log.new(File::NULL))
    @stub.mount_proc("/") do |request, response|
      response["Content-Type"] = "application/json"
      found = request.path.include?("GetByQuickSearch")
      response.body = found ? "[]" : '{"Status":"Success","Message":{"Id":"lead-1","AffectedRows":1}}'
    end
    Thread.new { @stub.start }
    @leadsquared = "http://127.0.0.1:#{@stub.config[:Port]}/v2/"
  end

  def figures(rounds)
    { "new" => ["new contact", 5, 3, 0.2], "same" => ["changed nothing", 2, 1, 0.1] }.flat_map do |key, (what, *must)|
      ours = rounds.map { |round| round["ours_#{key}"] }
      theirs = rounds.map { |round| round["theirs_#{key}"] }
      calls = %w[SQL Redis].each_with_index.map do |name, at|
        figure("chatwoot_#{key}_#{name.downcase}", "in Chatwoot, #{what}: #{name} calls", "≤ #{must[at]}",
               ours.map { |one| one[at] }, format("LeadSquared %.1f", median(theirs, at)))
      end
      [*calls,
       figure("chatwoot_#{key}_cpu_vs_leadsquared", "in Chatwoot, #{what}, against LeadSquared: CPU", "≤ #{must[2]}",
              ours.zip(theirs).map { |one, other| one[2] / other[2] },
              format("ours %.1f ms, LeadSquared %.1f ms", median(ours, 2), median(theirs, 2)))]
    end
  end

  def median(rounds, at) = rounds.map { |round| round[at] }.sort[rounds.size / 2]
end
