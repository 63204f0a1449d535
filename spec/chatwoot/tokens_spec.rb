# frozen_string_literal: true

require_relative "support/small_chatwoot"

# The jobs run in this process.
RSpec.describe "Several tokens of one Krayin", :chatwoot do
  before(:context) { SmallChatwoot.start }

  before do
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    @krayin = Krayin.new(servers, "tokens#{rand(1_000_000)}", tokens: 3)
    @account = Account.create!(name: "Acme")
    @account.enable_features!
  end

  after do
    Integrations::Hook.where(account_id: @account.id).destroy_all
    @krayin.stop
  end

  let(:krayin) { @krayin }
  let(:account) { @account }
  let(:word) { "tokens#{rand(1_000_000_000)}" }

  def hook(*tokens, between: " ")
    account.hooks.create!(app_id: "krayin", settings: krayin.settings(api_token: tokens.join(between)))
  end

  def contacts(count) = Array.new(count) { |n| account.contacts.create!(name: "N#{n}", email: "#{n}@#{word}.example") }

  def arrived = krayin.records["persons"].count { |person| person["emails"].to_s.include?(word) }

  def state(hook) = KrayinSync::Chatwoot::StandingWords.of(hook.reload)

  # What is due now, once.
  def run_now
    [*Sidekiq::Queue.all.flat_map(&:to_a)].each do |job|
      job.delete
      job.klass.start_with?("KrayinSync") ? job.klass.constantize.new.perform(*job.args) : run_active_job(job)
    end
  end

  it "adds their budgets up: in one minute more is done than one could, and nothing is refused" do
    hook(*krayin.tokens.first(2), between: "\n")
    krayin.forget_requests
    # Two requests each; the set-up took some.
    contacts(45)
    2.times { run_now }
    used = krayin.requests.group_by { |request| request["user"] }.transform_values(&:size)
    expect([arrived, used.size, used.values.max]).to match([45, 2, be <= 60])
    expect(krayin.requests.map { |request| request["status"] }.uniq - [200, 201]).to eq([])
  end

  it "leaves one that is refused out, says which, and forgets it when it is mended; tokens are shown nowhere" do
    one = hook(*krayin.tokens.first(2))
    told = one.reload.settings
    one.update_columns(settings: told.merge("api_token" => "#{krayin.tokens.first} 9|none#{word}"))
    contacts(8)
    2.times { run_now }
    expect([arrived, one.reload.settings["tokens_refused"], one.settings["setup_error"]]).to eq([8, "2", nil])
    expect(state(one)).to match(/connection works.*does not accept these of the API tokens, by their order: 2\./)
    report = KrayinSync::Doctor.new(*one.settings.values_at("api_url", "api_token"), settings: one.settings).report
    expect(report.to_text).to match(/token 2 of 2 is refused/)
    [state(one), report.to_text, report.to_json].each { |text| expect(text).not_to include(word, krayin.tokens.first) }
    expect(krayin.requests.count { |request| request["status"] == 401 }).to be <= 8
    one.update!(settings: { "api_token" => krayin.tokens.last(2).join(" ") })
    expect(one.reload.settings).not_to have_key("tokens_refused")
    expect(state(one)).to match(/connection works/)
  end

  it "refuses at save what one of them does not do, by its place" do
    expect { hook(krayin.tokens.first, "9|none") }
      .to raise_error(ActiveRecord::RecordInvalid, %r{2/2: Krayin does not accept this API token})
    expect { hook("Bearer", krayin.tokens.first) }.to raise_error(ActiveRecord::RecordInvalid, /api_token/)
    expect(account.hooks.count).to eq(0)
  end

  it "stops as with one where all are refused, and goes on when they are mended" do
    one = hook(*krayin.tokens.first(2))
    krayin.faults({ action: "refused_token", times: "forever" })
    contacts(1)
    2.times { run_now }
    expect([arrived, one.reload.settings["setup_error"]]).to match([0, /does not accept this API token/])
    krayin.heal
    one.update!(settings: { "api_token" => krayin.tokens.join(" ") })
    run_all
    expect([arrived, one.reload.settings["setup_error"]]).to eq([1, nil])
  end

  it "knows a Krayin of which another hook has one of them" do
    hook(*krayin.tokens.first(2))
    expect { hook(*krayin.tokens.last(2)) }
      .to raise_error(ActiveRecord::RecordInvalid, /has this Krayin and this token already/)
  end
end
