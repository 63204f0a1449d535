# frozen_string_literal: true

require_relative "support/connected"

# Examples run beside one another in one Chatwoot: each waits for its own jobs, and fails by its own.
RSpec.describe "The jobs of a desk", :whole do
  include_context "with a connected desk", "Jobs"

  ask = <<~RUBY
    jobs = items.map { |item| Sidekiq::JobRecord.new(item) }
    desk = DeskJobs.new(account)
    { waits: jobs.map { |job| desk.awaited?(job) }, blames: jobs.map { |job| desk.blamed([job]).any? } }
  RUBY

  define_method(:told) { |what, *items| inside(ask, account: desk.account, items: items)[what] }

  def ours(hook, kind: "Event")
    name = "KrayinSync::Chatwoot::#{kind}Job"
    { "class" => name, "wrapped" => name, "args" => [{ "hook_id" => hook }.compact], "error_class" => "NoMethodError" }
  end

  def theirs(name, *arguments, error: "", error_class: "SocketError")
    { "class" => "ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper", "wrapped" => name, "error_message" => error,
      "error_class" => error_class, "args" => [{ "job_class" => name, "arguments" => arguments }] }
  end

  def of(account)
    made = "Contact.create!(account_id: account, name: 'Somebody').to_global_id.to_s"
    ["contact.created", { "contact" => { "_aj_globalid" => inside(made, account: account) } }]
  end

  it "are its connection's and its account's, and sweeps" do
    other = WholeChatwoot::Desk.new("Beside").account
    expect(told("waits", ours(desk.hook["id"]), ours(desk.hook["id"] + 1_000_000), ours(nil, kind: "Sweep"),
                theirs("EventDispatcherJob", *of(desk.account)), theirs("EventDispatcherJob", *of(other)),
                theirs("ActionCableBroadcastJob", [], "x", { "account_id" => other }),
                theirs("Webhooks::TelegramEventsJob", {}), theirs("SendReplyJob", 7)))
      .to eq([true, false, true, true, false, false, true, false])
  end

  it "are to blame where they are this desk's, or die of what is ours; not where nobody reaches a provider" do
    away = "Failed to open TCP connection to waba.provider.example:443 (getaddrinfo(3): Name or service not known)"
    here = "Failed to open TCP connection to 127.0.0.1:6379 (Connection refused)"
    wrong = { error: "undefined method 'x' for nil", error_class: "NoMethodError" }
    other = WholeChatwoot::Desk.new("Beside").account
    expect(told("blames", ours(desk.hook["id"]), ours(desk.hook["id"] + 1_000_000),
                theirs("SendReplyJob", 7, error: away), theirs("Channels::Whatsapp::TemplatesSyncJob", error: away),
                theirs("SendReplyJob", 7, error: here), theirs("SendReplyJob", 7, **wrong),
                theirs("EventDispatcherJob", *of(other), **wrong),
                theirs("HookJob", *of(other), error: away, error_class: "KrayinSync::UnavailableError"),
                theirs("HookJob", 7, error: "uninitialized constant KrayinSync::X", error_class: "NameError")))
      .to eq([true, false, false, false, true, true, false, true, true])
  end

  it "say where they have failed" do
    expect(inside("ActiveJob::QueueAdapters::SidekiqAdapter::JobWrapper.get_sidekiq_options['backtrace']")).to be(true)
  end
end
