# frozen_string_literal: true

require "rack/mock"
require_relative "../chatwoot/support/small_chatwoot"
require_relative "../chatwoot/support/two_way"

# Calls of Krayin's workflows, and of whoever pretends to be Krayin.
RSpec.describe "Calls from Krayin", :chatwoot do
  include TwoWay

  before(:context) { connect_both_ways("webhook") }
  after(:context) { disconnect_both_ways }

  let(:secret) { KrayinSync::Chatwoot::WebhookEndpoint.secret(hook) }
  let(:row) { looks.find_by!(hook_id: hook.id) }

  def call(secret, body = "stage=New", verb: "POST", **headers)
    forget_heard
    Rack::MockRequest.new(Rails.application).request(verb, "/krayin_sync/webhooks/#{secret}", input: body, **headers)
  end

  def forget_heard = Sidekiq.redis { |redis| redis.call("DEL", "krayin_sync:heard:#{hook.id}") }

  # An hour without anything.
  def rest
    3.times { look }
    past = Time.now.utc - 3600
    looks.where(hook_id: hook.id).update_all(next_at: Time.now.utc + 900, looked_at: past, vain_hints: 0, hinted: false)
  end

  def due? = looks.due.map(&:id).include?(hook.id)

  before { rest }

  it "brings the next look nearer, which finds what was changed" do
    who = contact
    rest
    change(lead_of(who), "move_lead", stage: "prospect")
    expect(due?).to be(false)
    expect(call(secret).status).to eq(200)
    KrayinSync::Chatwoot::LookJob.enqueue_due
    run_all
    expect(shown(who)["krayin_stage"]).to eq("Prospect")
  end

  it "is heard by a header as well, whose call no path tells" do
    expect(call("#{hook.id}/", "HTTP_X_KRAYIN_SYNC" => secret[/\h{64}/]).status).to eq(200)
    expect(call(hook.id, "HTTP_X_KRAYIN_SYNC" => secret[/\h{64}/]).status).to eq(200)
    expect(due?).to be(true)
    rest
    wrong = [nil, "", "0" * 64, secret, secret[/\h{64}/].upcase, "\xFF".b]
    statuses = wrong.map { |given| call(hook.id, **{ "HTTP_X_KRAYIN_SYNC" => given }.compact).status }
    other = call(hook.id + 1, "HTTP_X_KRAYIN_SYNC" => secret[/\h{64}/])
    expect([*statuses, other.status].uniq).to eq([404])
    expect(due?).to be(false)
  end

  it "leaves its secret in no log, right or wrong" do
    log = StringIO.new
    logger = ActiveSupport::TaggedLogging.new(Logger.new(log))
    allow(Rails).to receive(:logger).and_return(logger)
    wrong = "#{hook.id}-#{"a" * 64}"
    [secret, wrong, "#{secret}.json", "#{secret}/more", "#{secret}?token=#{secret}"].each { |one| call(one) }
    call(secret, verb: "GET")
    expect(log.string).to include("/krayin_sync/webhooks/hidden").and(include("Started POST"))
    expect(log.string).not_to match(/\h{64}/)
  end

  it "has an address for each connection, which whoever runs the installation is told" do
    address = %r{: \S*/krayin_sync/webhooks/#{Regexp.escape(secret)}$}
    expect { rake_task("webhooks").invoke(account.id.to_s) }.to output(address).to_stdout
  end

  it "hears nobody who has not the secret" do
    wrong = [secret.tr("0-9a-f", "1-9a-f0"), secret[0..-2], "#{secret}0", "0", "", "#{hook.id}-", secret.upcase,
             secret.sub(/\A\d+/, (hook.id + 1).to_s), "%00", "%FF", "..", "a" * 3000, hook.id.to_s]
    wrong << "%D9%A5-#{secret[/\h{64}/]}" << "#{"9" * 40}-#{"0" * 64}"
    expect(wrong.map { |one| call(one).status }.uniq).to eq([404])
    expect(due?).to be(false)
  end

  it "believes nothing, whatever comes along" do
    bodies = ["", "\x00\xFF", "[{\"key\":\"title\",\"value\":\"He said \"hi\"\n\"}]", "{", "a=%", "x" * 60_000,
              "a[b]" * 9000, Array.new(5000) { |number| "k#{number}[" }.join("&"), "_method=DELETE",
              "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\nx"]
    types = ["application/json", "application/x-www-form-urlencoded", "multipart/form-data",
             "multipart/form-data; boundary=b", "image/png", "%", ""]
    statuses = bodies.product(types).map { |body, type| call(secret, body, "CONTENT_TYPE" => type).status }
    expect(statuses.uniq).to eq([200])
    expect(call(secret, "x" * 70_000).status).to eq(413)
  end

  it "costs Krayin nothing, however often it is called" do
    krayin.forget_requests
    mock = Rack::MockRequest.new(Rails.application)
    path = "/krayin_sync/webhooks/#{secret}"
    statuses = Array.new(10_000) do |number|
      forget_heard if (number % 100).zero?
      mock.post(number.odd? ? path : "/krayin_sync/webhooks/#{hook.id}-#{"0" * 64}", input: "stage=Won").status
    end
    expect(statuses.tally).to eq(200 => 5000, 404 => 5000)
    expect(krayin.requests).to eq([])
    KrayinSync::Chatwoot::LookJob.enqueue_due
    run_all
    expect(krayin.requests.size).to eq(1)
  end

  it "comes to nothing where calls are sent again and again for hours" do
    at = Time.now.utc
    looked = (0...7200).step(20).count do |second|
      allow(looks).to receive(:now).and_return(at + second)
      looks.hint(hook.id)
      next unless looks.due.map(&:id).include?(hook.id)

      looks.find_by!(hook_id: hook.id).look(hook)
    end
    expect(looked).to be <= 20
  end
end
