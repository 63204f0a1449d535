# frozen_string_literal: true

require_relative "../support/prometheus_text"
require_relative "support/small_chatwoot"

RSpec.describe "Watching the sync", :chatwoot do
  before(:context) do
    SmallChatwoot.start
    @krayin = Krayin.new(SmallChatwoot.servers, "watching")
    @sidekiq = SmallChatwoot.sidekiq
    @account, @hook = connect(@krayin)
  end

  after(:context) do
    servers.end_process(@sidekiq)
    @krayin.stop
  end

  def metrics = KrayinSync.metrics.to_prometheus

  def counted(series) = metrics[/^#{Regexp.escape(series)} (\d+)$/, 1].to_i

  # What the rake task printed, and what it ended with.
  def rake(task, *arguments)
    status = 0
    output = StringIO.new
    before = $stdout
    $stdout = output
    begin
      rake_task(task).invoke(*arguments)
    rescue SystemExit => e
      status = e.status
    ensure
      $stdout = before
    end
    [output.string, status]
  end

  it "counts what Sidekiq's processes do, and tells of queue, jobs, links and breakers" do
    # Other examples run jobs as well, in this process.
    synced = 'krayin_sync_events_total{event="contact.updated",outcome="synced"}'
    posted = 'krayin_sync_requests_total{method="POST",outcome="ok"}'
    before = [counted(synced), counted(posted)]
    3.times { |n| @account.contacts.create!(name: "Watch #{n}", email: "watch-#{n}@x.example") }
    settle
    eventually(40) { counted(synced) - before.first >= 3 }
    expect(counted(posted) - before.last).to be_between(3, 9)
    expect(metrics).to match(/^krayin_sync_budget_limit\{connection="\h{24}"\} 60$/)
    expect(metrics).to include("krayin_sync_queue_jobs 0\n", "krayin_sync_queue_latency_seconds 0\n",
                               "krayin_sync_records{state=\"queued\"} 0\n")
    expect(metrics).not_to match(/watch-|@x\.example|sesame/)
    breaker = KrayinSync::Chatwoot::Breaker.new("0" * 24)
    breaker.trip
    expect(metrics).to include("krayin_sync_breaker_open{connection=\"#{"0" * 24}\"} 1\n")
    breaker.reset
    expect(metrics).to include("krayin_sync_breaker_open{connection=\"#{"0" * 24}\"} 0\n")
    contact = KrayinSync::Chatwoot::RecordRef.new(@hook.id, "contact", 999_999)
    # Other examples leave links as well.
    refused = KrayinSync::Records::Link.where(state: "refused").count
    KrayinSync::Chatwoot::LinkStore.note(contact, @hook.reload, state: "refused",
                                                                reason: KrayinSync::Reason.new("values_refused"))
    expect(metrics).to include("krayin_sync_links{state=\"refused\"} #{refused + 1}\n")
  end

  it "answers Prometheus where the endpoint is mounted, and tells nobody else" do
    @account.contacts.create!(name: "Mounted", email: "mounted@x.example")
    eventually(40) { settled? && metrics.include?("krayin_sync_events_total{") }
    app = Rack::MockRequest.new(Rails.application)
    asks = ->(**more) { app.get("/krayin_sync/metrics", more.transform_keys(&:to_s)) }
    answer = asks.call(HTTP_AUTHORIZATION: "Bearer metrics-of-the-specs")
    expect([answer.status, answer.headers.transform_keys(&:downcase)["content-type"]])
      .to eq([200, "text/plain; version=0.0.4; charset=utf-8"])
    read = PrometheusText.read(answer.body)
    expect(read).to include(["krayin_sync_queue_jobs", {}] => 0, ["krayin_sync_queue_latency_seconds", {}] => 0)
    expect(read.keys.map(&:first)).to include("krayin_sync_records", "krayin_sync_requests_total",
                                              "krayin_sync_budget_remaining", "krayin_sync_events_total")
    expect(asks.call.status).to eq(401)
    expect(asks.call(HTTP_AUTHORIZATION: "Bearer metrics-of-the-specz").status).to eq(401)
    expect(asks.call.body).not_to include("krayin_sync_")
  end

  it "says in notifications and in the log of which account and hook an event is" do
    contact = @account.contacts.create!(name: "Tagged", email: "tagged@x.example")
    settle
    # Without an event: Sidekiq's processes are to leave it to this one.
    contact.update_columns(name: "Tagged anew")
    told = []
    log = StringIO.new
    KrayinSync.logger = Logger.new(log)
    ActiveSupport::Notifications.subscribed(->(name, *, payload) { told << [name, payload] }, /krayin_sync\z/) do
      asked = { "hook_id" => @hook.id, "kind" => "contact", "id" => contact.id }
      KrayinSync::Chatwoot::EventJob.new.perform(asked)
    end
    expect(told.map(&:first)).to include("request.krayin_sync", "perform.krayin_sync")
    expect(told.map(&:last)).to all(include(account_id: @account.id, hook_id: @hook.id))
    lines = log.string.lines.grep(/Krayin ProcessorService/)
    expect(lines).not_to be_empty
    expect(lines).to all(end_with("[account #{@account.id}, hook #{@hook.id}]\n"))
  ensure
    KrayinSync.logger = nil
  end

  it "has the doctor look at each connection" do
    output, status = rake("doctor", @account.id.to_s)
    expect(output).to include("Account #{@account.id}\n", "Krayin can be connected.")
    expect(status).to eq(0)
    right = @hook.reload.settings["api_token"]
    KrayinSync::Chatwoot::HookSettings.put(@hook, ["api_token"], "9|revoked")
    ENV["JSON"] = "1"
    output, status = rake("doctor", @account.id.to_s)
    told = JSON.parse(output).first
    expect(told).to include("account_id" => @account.id, "hook_id" => @hook.id, "status" => "fail")
    expect(told["findings"].map { |finding| finding["code"] }).to include("token_refused")
    expect(output).not_to include("9|revoked")
    expect(status).to eq(1)
  ensure
    KrayinSync::Chatwoot::HookSettings.put(@hook, ["api_token"], right)
    ENV.delete("JSON")
  end
end
