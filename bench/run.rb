# frozen_string_literal: true

require "rbconfig"
require_relative "servers"
require_relative "figures"

servers = Servers.new
at_exit { servers.stop }
ENV["SSL_CERT_FILE"] = servers.authority

require_relative "../lib/krayin_sync"
require_relative "seed_flow"
require_relative "kept_ruby"
require_relative "ruby_mapping"
require_relative "starting"
require_relative "telling"

# What the gem costs beside plain Ruby that does the same.
class Bench
  include Figures
  include Starting
  include Telling

  ROUNDS = Integer(ENV.fetch("ROUNDS", 7))
  Hook = Struct.new(:app_id, :settings)
  LETTER = "<p>Dear <b>team</b>,</p><p>it is wrong.<br>Regards</p>" * 5
  HTML = "<html><body><style>p{}</style>#{LETTER}</body></html>".freeze

  def initialize(servers)
    @servers = servers
    @numbers = (1..).each
  end

  def run
    [*new_contact, *call, *get, *telling, *mappers, *threads, *first_hour, *first_use, *loading]
  end

  private

  def contact
    number = @numbers.next
    { id: number, name: "Bench #{number}", email: "bench.#{number}@example.com",
      phone_number: format("+1415%07d", 2_000_000 + number),
      additional_attributes: { "company_name" => "B #{number}" } }
  end

  def hook(url, **settings)
    defaults = { "api_url" => url, "api_token" => Servers::TOKEN, "default_stage_id" => 1, "default_pipeline_id" => 1,
                 "default_source_id" => 1, "default_lead_type_id" => 1, "sync_to_organization" => true }
    Hook.new("krayin", defaults.merge(settings.transform_keys(&:to_s)))
  end

  def process(hook, event, **data)
    KrayinSync::ProcessorService.new(inbox: nil, hook: hook, event_name: event, event_data: data).perform
  end

  def ours(hook) = process(hook, "contact.created", contact: contact)

  def new_contact
    url = @servers.wire(@servers.krayin, 25, tls: true)
    hook = hook(url)
    seed = SeedFlow.new(url, Servers::TOKEN)
    kept = KeptRuby.new(url, Servers::TOKEN)
    ways = { ours: [8, -> { ours(hook) }], seed: [2, -> { seed.new_contact(contact) }],
             kept: [8, -> { kept.new_contact(contact) }] }
    ways.each_value { |_, way| way.call }
    rounds = ratios(ROUNDS) do
      ways.transform_values { |times, way| cost { times.times { way.call } }.map { |spent| spent / times } }
    end
    against_seed(rounds) << against_kept(rounds)
  end

  def against_seed(rounds)
    note = "ours #{ms(rounds, :ours, 0)}, the seed's flow #{ms(rounds, :seed, 0)}"
    [figure("new_contact_wall_vs_seed_flow", "new contact, 25 ms, TLS, against the seed's flow: wall", "≤ 0.125",
            rounds.map { |round| round[:ours][0] / round[:seed][0] }, note),
     figure("new_contact_cpu_vs_seed_flow", "the same: CPU", "≤ 0.25",
            rounds.map { |round| round[:ours][1] / round[:seed][1] })]
  end

  def against_kept(rounds)
    note = "ours #{ms(rounds, :ours, 1)}, plain Ruby #{ms(rounds, :kept, 1)}"
    figure("new_contact_cpu_vs_kept_ruby", "against kept-alive plain Ruby: CPU", "≤ 0.8",
           rounds.map { |round| round[:ours][1] / round[:kept][1] }, note)
  end

  def ms(rounds, way, kind)
    middle = rounds.map { |round| round[way][kind] }.sort[rounds.size / 2]
    format("%.2f ms", middle * 1000)
  end

  # One call that waits, against Net::HTTP on a connection that is kept.
  def call
    url = @servers.wire(@servers.krayin, 25)
    client = KrayinSync::Api::BaseClient.new(url, Servers::TOKEN)
    kept = KeptRuby.new(url, Servers::TOKEN)
    ways = { ours: -> { client.get("get") }, kept: -> { kept.get("get") } }
    ways.each_value { |way| 10.times { way.call } }
    rounds = ratios(ROUNDS) do
      ways.transform_values { |way| cost { 20.times { way.call } }.map { |spent| spent / 20 } }
    end
    [figure("call_cpu_vs_kept_ruby", "one GET, 25 ms, against kept-alive Net::HTTP: CPU", "≤ 0.7",
            rounds.map { |round| round[:ours][1] / round[:kept][1] },
            "ours #{ms(rounds, :ours, 1)}, Net::HTTP #{ms(rounds, :kept, 1)}"),
     *wakeups(ways[:ours])]
  end

  # How often any thread of this process waited and was woken, where the system tells.
  def wakeups(way)
    return [] unless File.directory?("/proc/self/task")

    waits = lambda do
      Dir["/proc/self/task/*/status"].sum { |path| File.read(path)[/^voluntary_ctxt_switches:\s+(\d+)/, 1].to_i }
    end
    values = ratios(ROUNDS) do
      before = waits.call
      20.times { way.call }
      (waits.call - before) / 20.0
    end
    [figure("wakeups_an_answer", "wake-ups an answer", "≤ 1.1", values)]
  end

  def get
    url = @servers.krayin
    bare = against_reqwest(url)
    @servers.control(url, "/_sim/faults", { method: "GET", path: "/get", times: "forever", action: "delay", ms: 1 })
    [figure("get_wall_vs_reqwest", "one GET against raw reqwest, server of 1 ms: wall", "≤ 1.15", against_reqwest(url)),
     figure("get_wall_vs_reqwest_bare", "the same on bare loopback", nil, bare)]
  end

  def against_reqwest(url)
    client = KrayinSync::Api::BaseClient.new(url, Servers::TOKEN)
    50.times { client.get("get") }
    raw = "#{Servers::ROOT}/target/release/raw_get"
    ratios(ROUNDS) do
      theirs = Float(IO.popen([raw, "#{url}/get", Servers::TOKEN, "500"], &:read))
      cost { 500.times { client.get("get") } }[0] / 500 / theirs
    end
  end

  def mappers
    messages = (1..5).map { |n| message(n, "Hello **there**, see [the page](https://example.com/#{n}).\n- one\n- two") }
    conversation = { "id" => 1, "display_id" => 42, "account_id" => 1, "status" => "open", "priority" => "high",
                     "channel_type" => "Channel::Whatsapp", "inbox_name" => "Support", "assignee_name" => "Ann",
                     "labels" => %w[vip billing], "custom_attributes" => { "plan" => "gold" },
                     "created_at" => "2026-11-24T10:00:00Z", "last_activity_at" => "2026-11-24T10:05:00Z",
                     "contact" => contact.transform_keys(&:to_s), "messages" => messages }
    [mapper("conversation_mapper_vs_ruby", "ConversationMapper, 5 messages, against plain Ruby, JSON included",
            conversation, :conversation, :map_conversation),
     mapper("message_mapper_vs_ruby", "MessageMapper with HTML, likewise",
            message(1, HTML).merge("conversation" => conversation.except("messages")), :message, :map_message)]
  end

  def message(number, content)
    { "id" => number, "message_type" => "incoming", "private" => false, "content" => content, "attachments" => [],
      "created_at" => "2026-11-24T10:0#{number}:00Z", "sender" => { "name" => "Jane Doe", "type" => "Contact" } }
  end

  # JSON in, JSON out on both sides: what stands between the snapshot and the request.
  def mapper(key, name, record, ruby, native)
    json = JSON.generate(record)
    values = ratios(ROUNDS) do
      cost { 500.times { KrayinSync::Native.public_send(native, json, 5, "{}") } }[0] /
        cost { 500.times { RubyMapping.public_send(ruby, json, 5) } }[0]
    end
    figure(key, name, "≤ 0.05", values)
  end

  def threads
    url = @servers.wire(@servers.krayin, 25)
    client = KrayinSync::Api::BaseClient.new(url, Servers::TOKEN)
    many = ->(count) { count.times.map { Thread.new { 20.times { client.get("get") } } }.each(&:join) }
    many.call(10)
    speed = ratios(ROUNDS) { 10 * cost { many.call(1) }[0] / cost { many.call(10) }[0] }
    [figure("threads_10_vs_1", "calls of 10 threads against 1, 25 ms", "≥ 9", speed),
     figure("ruby_thread_kept", "a computing Ruby thread beside 10 in calls, against alone", "≥ 0.95", kept(client))]
  end

  def kept(client)
    compute = lambda do
      done = 0
      give_up = wall + 1
      (1_000.times { done.hash } && done += 1) while wall < give_up
      done
    end
    ratios(ROUNDS) do
      alone = compute.call
      busy = 10.times.map { Thread.new { loop { client.get("get") } } }
      sleep 0.1
      beside = compute.call
      busy.each(&:kill).each(&:join)
      beside.fdiv(alone)
    end
  end

  def first_hour
    ours = requests_of { |url| our_first_hour(hook(url, sync_conversations: true)) }
    theirs = requests_of { |url| seeds_first_hour(SeedFlow.new(url, Servers::TOKEN)) }
    # Four of them look at the note before it is written: a colleague may have been at it.
    [figure("first_hour_requests", "a customer's first hour: requests", "≤ 12", [ours], "the seed's flow #{theirs}")]
  end

  def requests_of
    url = @servers.krayin
    yield url
    @servers.requests(url)
  end

  def our_first_hour(hook)
    contact = self.contact
    process(hook, "contact.created", contact: contact)
    conversation = { id: 1, display_id: 1, account_id: 1, status: "open", channel_type: "Channel::WebWidget",
                     contact: contact, messages: [] }
    process(hook, "conversation.created", conversation: conversation)
    12.times do |n|
      process(hook, "contact.updated", contact: contact.merge(last_activity_at: Time.now))
      label = { label_list: ["label #{n / 3}"] }
      process(hook, "conversation.updated", conversation: conversation.merge(label, waiting_since: n))
      about = { id: n + 1, message_type: "incoming", content: "x", conversation: conversation }
      process(hook, "message.created", message: about)
    end
  end

  def seeds_first_hour(seed)
    contact = self.contact
    person, = seed.new_contact(contact)
    activity = seed.new_conversation({ display_id: 1 }, person)
    12.times do
      seed.updated_contact(contact)
      seed.updated_conversation(activity)
    end
  end
end

asked = ARGV.dup
file = asked.slice!(asked.index("--json"), 2)[1] if asked.include?("--json")
unknown = asked - %w[chatwoot backfill two-way]
abort "bin/bench: no #{unknown.join(", ")}. See bin/bench --help" if unknown.any?

figures = if asked.include?("chatwoot")
            require_relative "chatwoot"
            ChatwootBench.new.run
          elsif asked.include?("backfill")
            require_relative "backfill"
            BackfillBench.new.run
          elsif asked.include?("two-way")
            require_relative "two_way"
            TwoWayBench.new.run
          else
            Bench.new(servers).run
          end
puts "| figure | median | least – most | must be | |", "|---|---|---|---|---|"
figures.each do |figure|
  spread = format("%.3g – %.3g", figure.least, figure.most)
  verdict = if figure.must
              "#{figure.must} #{figure.met? ? "✓" : "missed"}"
            else
              ""
            end
  puts "| #{figure.name} | #{format("%.3g", figure.median)} | #{spread} | #{verdict} | #{figure.note} |"
end
if file
  values = figures.to_h { |figure| [figure.key, figure.median.round(4)] }
  File.write(file, "#{JSON.pretty_generate(values)}\n")
end
exit figures.all?(&:met?)
