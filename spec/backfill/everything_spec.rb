# frozen_string_literal: true

require_relative "support/busy_day"
require_relative "../chatwoot/support/trouble"

# Two Sidekiqs, a Krayin that throttles by TOKENS tokens and fails one request in thirty, a backfill of CONTACTS, EVENTS
# of a busy day, and processes that die KILLS times.
RSpec.describe "Everything at once", :chatwoot do
  include BusyDay
  include Trouble

  let(:events) { Integer(ENV.fetch("EVENTS", 400)) }
  let(:before_it) { Integer(ENV.fetch("CONTACTS", 200)) }
  let(:kills) { Integer(ENV.fetch("KILLS", 2)) }

  before do
    SmallChatwoot.start
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    KrayinSync::Records::Link.delete_all
    @random = Random.new(Integer(ENV.fetch("SEED", 1)))
    @krayin = Krayin.new(servers, "all#{rand(1_000_000)}", tokens: Integer(ENV.fetch("TOKENS", 10)), throttle: false)
    @account, @hook = connect(@krayin, api_token: @krayin.tokens.join(" "), two_way: true, sync_conversations: true,
                                       sync_messages: true)
    run_all
  end

  after do
    @sidekiqs.to_a.each { |pid| servers.end_process(pid) }
    disconnect_both_ways
  end

  # As each of Sidekiq's beats does from its version 7 on.
  def beat
    recover_killed
    KrayinSync::Chatwoot::LookJob.enqueue_due
  end

  def work
    dies = Array.new(kills) { |n| events * (n + 1) / (kills + 1) }
    (1..events).each do |number|
      something(number)
      beat if (number % 20).zero?
      eventually(90) { kill_one(random) } if dies.include?(number)
      sleep 0.01
    end
  end

  def end_all(run)
    krayin.turn(throttle: false)
    eventually(600) { beat && run.reload.state == "done" }
    settle_after_deaths(300)
    krayin.heal
    advance(700)
    KrayinSync::Chatwoot::Sweep.new(since: 1.hour.ago).run
    settle_after_deaths(300)
    3.times { look_now }
  end

  def look_now
    enqueue_look
    settle(120)
  end

  def people = krayin.records["persons"].to_h { |one| [one["id"], one] }

  def expect_each_once(ids)
    addresses = people.values.flat_map { |one| one["emails"].to_a.map { |entry| entry["value"].to_s.downcase } }.tally
    wrong = Contact.where(id: ids).reject { |contact| addresses[contact.email] == 1 }
    expect(wrong.map(&:name)).to eq([])
  end

  def expect_a_lead_each
    leads = krayin.records["leads"].map { |lead| lead["person_id"] }.tally
    expect(leads).to eq(people.transform_values { 1 })
  end

  def expect_nothing_undone
    there = people
    expect(there.transform_values { |one| one["job_title"] }).to include(titles)
    expect(names.keys.to_h { |id| [id, there.dig(link_of(id).person_id, "name")] }).to eq(names)
  end

  # A conversation's note has the last of them alone.
  def expect_all_said
    messages = krayin.records["activities"].select { |one| one["title"].start_with?("Message") }
    words = messages.map { |one| one["comment"].to_s }.join("\n")
    expect(said.to_h { |text| [text, words.scan(text).size] }).to eq(said.to_h { |text| [text, 1] })
  end

  def expect_both_sides_equal
    leads = krayin.records["leads"].to_h { |lead| lead.values_at("id", "lead_pipeline_stage_id") }
    both = stages.keys.to_h do |id|
      [id, [leads[link_of(id).lead_id], Contact.find(id).custom_attributes["krayin_stage"]]]
    end
    expect(both).to eq(stages.transform_values { |code| BusyDay::STAGES.fetch(code) })
  end

  it "ends with each record once, all words said once, nothing undone and both sides equal" do
    customers && talks
    run_all
    3.times { look }
    ids = Years.new(account, hook, krayin, 0).insert("before", before_it)
    krayin.turn(throttle: true)
    krayin.faults(*one_in(33, [events / 8, 1000].min))
    @sidekiqs = Array.new(2) { SmallChatwoot.sidekiq }
    run = KrayinSync::Chatwoot::Backfill.start(hook)
    began = Time.now
    work
    end_all(run)
    puts "", "everything: #{events} events, #{ids.size} contacts of before, #{kills} killed, #{titles.size} edited, " \
             "#{stages.size} moved, #{said.size} messages; #{(Time.now - began).round} s"
    expect_each_once(ids + customers.map(&:id))
    expect_a_lead_each
    expect_nothing_undone
    expect_all_said
    expect_both_sides_equal
    expect(Sidekiq::DeadSet.new.size).to eq(0)
  end
end
