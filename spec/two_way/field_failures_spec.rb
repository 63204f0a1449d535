# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "support/trouble"

# What agents write into a lead, on each server, whatever fails, wherever a process dies, with a colleague at work.
TwoWay::SERVERS.each do |server|
  RSpec.describe "An agent's values with #{server}", :chatwoot do
    include TwoWay

    include_context "with trouble both ways"

    before(:context) do
      connect_both_ways("values-#{server}", server: server, two_way_writes: "value, owner, closing_date")
      @who = contact
      conversation(@who, inbox(account))
      run_all
      3.times { look }
    end

    before do
      change(lead_of(@who), fields: { lead_value: 1, user_id: 1, expected_close_date: "2031-01-31" })
      change(lead_of(@who), "move_lead", stage: "new")
      2.times { look }
      Message.where(conversation_id: @who.conversations.select(:id)).delete_all
    end

    let(:wish) { { krayin_value: 1250.5, krayin_owner: "Bridge 1", krayin_closing_date: "2031-07-31" } }

    # One after the other: what comes with another one and was shown a while ago is a page's age.
    def choose(**attributes) = attributes.each { |key, value| set(@who, key => value) }

    def krayins
      client = KrayinSync::Api::LeadClient.new(krayin.url, krayin.tokens.first)
      lead = client.get_lead(lead_of(@who)["id"])
      KrayinSync::Chatwoot::LeadAttributes.all_of(lead, hook.reload.settings).slice(*chatwoots.keys)
    end

    def chatwoots = shown(@who).except("krayin_link")

    def wishes = KrayinSync::Chatwoot::ShownLead.find_by!(contact_id: @who.id).wanted

    def both_have(**attributes)
      expect(krayins).to eq(chatwoots)
      expect(chatwoots).to include(attributes.transform_keys(&:to_s))
      expect(wishes).to eq({})
    end

    calls = [{ method: "PUT", path: "/leads/attributes/edit/*" }, { method: "GET", path: "/settings/users" }]
    TwoWay::FAULTS.product(calls, [1, 4]).each do |fault, call, times|
      it "come to Krayin after #{fault[:action]} #{call[:method]} #{call[:path]} #{times} times, a colleague's stay" do
        krayin.faults({ **fault, **call, times: times })
        choose(**wish, krayin_stage: "Negotiation")
        try
        change(lead_of(@who), fields: { title: "A colleague's" })
        2.times { try }
        recover
        both_have(**wish, krayin_stage: "Negotiation")
        expect(lead_of(@who)["title"]).to eq("A colleague's")
        expect(told(@who)).to eq([])
      end
    end

    deaths = [%i[LeadReader users], %i[LeadReader write], %i[ShownLead take], %i[ShownLead write_to], %i[LeadLine say]]
    deaths.product(%w[before after]).each do |(name, method), moment|
      it "come to Krayin, and what it does not take is told once, where the process dies #{moment} #{name}##{method}" do
        choose(**wish, krayin_stage: "No such stage")
        expect_death(name, method, after: moment == "after") { run_all }
        recover
        both_have(**wish, krayin_stage: "New")
        expect(told(@who)).to contain_exactly(a_string_including("no such stage"))
      end
    end
  end
end

RSpec.describe "What many agents write, in a budget", :chatwoot do
  include TwoWay

  before do
    SmallChatwoot.start
    clear
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    @krayin = Krayin.new(SmallChatwoot.servers, "two-way-budget-#{rand(1_000_000)}")
    @account, @hook = connect(@krayin, two_way: true, two_way_writes: "value")
  end

  after { disconnect_both_ways }

  # What has its time, a minute after the other.
  def minutes(count)
    count.times do
      krayin.pass(60)
      advance(60)
      looks.where(hook_id: hook.id).update_all(next_at: Time.now.utc)
      KrayinSync::Chatwoot::LookJob.enqueue_due
      3.times { run_due }
      return if yield
    end
    raise "not within #{count} minutes"
  end

  def run_due
    now = Time.now.to_f
    due = Sidekiq::ScheduledSet.new.select { |job| job.score <= now }
    [*Sidekiq::Queue.all.flat_map(&:to_a), *due].each do |job|
      job.delete
      job.klass.start_with?("KrayinSync") ? job.klass.constantize.new.perform(*job.args) : run_active_job(job)
    end
  end

  it "comes to Krayin all of it, and no request is one too many" do
    run_due
    word = "n#{rand(1_000_000)}"
    people = Array.new(40) { |n| account.contacts.create!(name: "N#{n}", email: "#{word}-#{n}@two.example") }
    minutes(30) { people.all? { |who| shown(who)["krayin_stage"] } }
    people.each_with_index { |who, n| set(who, krayin_value: n + 1) }
    values = -> { people.map { |who| lead_of(who)["lead_value"].to_f } }
    minutes(30) { KrayinSync::Chatwoot::ShownLead.wanting(hook.id).empty? }
    expect(values.call).to eq((1..40).map(&:to_f))
    expect(people.map { |who| shown(who)["krayin_value"] }).to eq((1..40).to_a)
    expect(krayin.requests.map { |request| request["status"] }.uniq - [200, 201]).to eq([])
  end
end
