# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "../chatwoot/support/two_way"

# What agents set in Chatwoot, in Krayin.
RSpec.describe "The agent's move", :chatwoot do
  include TwoWay

  before(:context) { connect_both_ways("moves") }
  after(:context) { disconnect_both_ways }
  after { Current.reset }

  let(:agent) { User.create!(name: "Ada", email: "ada#{rand(1_000_000)}@two.example") }

  def by(who = agent)
    Current.account = account
    Current.user = who
    yield
  ensure
    Current.reset
  end

  def set(contact, **attributes)
    contact.reload.update!(custom_attributes: contact.custom_attributes.merge(attributes.transform_keys(&:to_s)))
  end

  def told(contact)
    Message.where(conversation_id: contact.conversations.select(:id), message_type: :activity).map(&:content)
  end

  def stage_of(contact) = lead_of(contact)["lead_pipeline_stage_id"]

  let(:who) { contact.tap { look } }

  it "moves the lead, forward and back, and to its ends, for two requests" do
    who
    krayin.forget_requests
    { "Negotiation" => 4, "Follow Up" => 2, "Won" => 5, "New" => 1 }.each do |name, id|
      by { set(who, krayin_stage: name) }
      run_all
      expect([name, stage_of(who), shown(who)["krayin_stage"]]).to eq([name, id, name])
    end
    expect(krayin.requests.size).to eq(8)
    look
    expect([stage_of(who), shown(who)["krayin_stage"], told(who)]).to eq([1, "New", []])
  end

  it "takes a second choice that is made while the first is on its way" do
    who
    reader = KrayinSync::Chatwoot::LeadReader
    allow_any_instance_of(reader).to receive(:move).and_wrap_original do |move, *given, **named|
      move.call(*given, **named).tap { by { set(who, krayin_stage: "New") } if given.last == 3 }
    end
    by { set(who, krayin_stage: "Prospect") }
    run_all
    expect([stage_of(who), shown(who)["krayin_stage"], told(who)]).to eq([1, "New", []])
  end

  it "takes a second choice whose page was read before the first was kept" do
    who
    by { set(who, krayin_stage: "Prospect") }
    allow_any_instance_of(KrayinSync::Chatwoot::ShownLead).to receive(:want).and_wrap_original do |want, wishes|
      run_all if wishes.dig("krayin_stage", "value") == "New"
      want.call(wishes)
    end
    by { set(who, krayin_stage: "New") }
    run_all
    expect([stage_of(who), shown(who)["krayin_stage"]]).to eq([1, "New"])
  end

  it "says why a lead is lost, whichever was said first" do
    by { set(who, krayin_lost_reason: "Too dear") }
    run_all
    look
    expect([stage_of(who), shown(who)["krayin_lost_reason"]]).to eq([1, "Too dear"])
    by { set(who, krayin_stage: "Lost") }
    run_all
    expect(lead_of(who)).to include("lead_pipeline_stage_id" => 6, "lost_reason" => "Too dear")
    by { set(who, krayin_lost_reason: "Too late") }
    run_all
    expect(lead_of(who)).to include("lead_pipeline_stage_id" => 6, "lost_reason" => "Too late")
  end

  it "moves for an automation and a macro's agent" do
    stub_const("AutomationRule", Struct.new(:id))
    Current.executed_by = AutomationRule.new(7)
    set(who, krayin_stage: "Prospect")
    run_all
    expect(stage_of(who)).to eq(3)
  end

  describe "of whom it is not" do
    def forged(**attributes)
      yield
      run_all
      look
      expect([stage_of(who), shown(who)["krayin_stage"], shown(who).keys - expected_keys]).to eq([1, "New", []])
      expect(who.reload.custom_attributes).to include(attributes.transform_keys(&:to_s))
    end

    let!(:expected_keys) { shown(who).keys }

    it "puts back what a visitor has written, and keeps the rest" do
      forged(plan: "gold") { set(who, krayin_stage: "Won", krayin_lost_reason: "me", plan: "gold") }
    end

    it "puts back what a bot of another integration has written" do
      forged { by(AgentBot.create!(name: "Bot", account_id: account.id)) { set(who, krayin_stage: "Won") } }
    end

    it "puts back what an agent of another account has written" do
      forged do
        Current.account = Account.create!(name: "Other")
        Current.user = agent
        set(who, krayin_stage: "Won")
      end
    end

    it "takes nothing over from who is merged into the contact, though an agent merges" do
      other = contact(custom_attributes: { "krayin_stage" => "Won", "krayin_lost_reason" => "x", "plan" => "gold" })
      forged(plan: "gold") do
        by { ContactMergeAction.new(account: account, base_contact: who, mergee_contact: other).perform }
      end
    end

    it "puts back at the next look what was written past every callback" do
      forged do
        who.update_columns(custom_attributes: { "krayin_stage" => "Won" }, updated_at: Time.current)
      end
    end

    it "takes nothing from whoever makes a contact" do
      made = by { contact(custom_attributes: { "krayin_stage" => "Won", "plan" => "gold" }) }
      expect(made.reload.custom_attributes).to eq("plan" => "gold")
      forged { nil }
    end

    it "puts back what no agent may set, and an empty stage" do
      forged do
        by { set(who, krayin_owner: "Me", krayin_link: "https://evil.example", krayin_value: 5) }
        by { set(who, krayin_stage: nil) }
        by { who.reload.update!(custom_attributes: who.custom_attributes.except("krayin_stage")) }
      end
    end

    it "takes a page that is behind for what it is, and a choice for a choice" do
      change(lead_of(who), "move_lead", stage: "prospect")
      look
      by { set(who, krayin_stage: "New", plan: "gold") }
      run_all
      expect([stage_of(who), shown(who)["krayin_stage"]]).to eq([3, "Prospect"])
      by { set(who, krayin_stage: "New") }
      run_all
      expect([stage_of(who), shown(who)["krayin_stage"]]).to eq([1, "New"])
    end
  end

  it "writes nothing old back that a record had which was read before" do
    stale = Contact.find(who.id)
    change(lead_of(who), "move_lead", stage: "prospect")
    look
    stale.update!(custom_attributes: stale.custom_attributes.merge("plan" => "gold"))
    expect(who.reload.custom_attributes).to include("plan" => "gold", "krayin_stage" => "Prospect")
  end

  describe "where it cannot be" do
    before { conversation(who, inbox(account)) && run_all }

    it "puts back a stage that there is not in the lead's pipeline, and says so" do
      by { set(who, krayin_stage: "Handshake") }
      run_all
      expect([stage_of(who), shown(who)["krayin_stage"]]).to eq([1, "New"])
      expect(told(who)).to contain_exactly(a_string_including("no such stage", "New"))
    end

    it "puts back what Krayin refuses, and says so" do
      krayin.faults({ method: "PUT", path: "/leads/stage/*", action: "status", status: 422, times: 1 })
      by { set(who, krayin_stage: "Won") }
      run_all
      krayin.heal
      expect([stage_of(who), shown(who)["krayin_stage"]]).to eq([1, "New"])
      expect(told(who)).to contain_exactly(a_string_including("did not take it", "New"))
    end

    it "keeps what a colleague has changed meanwhile, and says so" do
      by { set(who, krayin_stage: "Won") }
      change(lead_of(who), "move_lead", stage: "negotiation")
      run_all
      expect([stage_of(who), shown(who)["krayin_stage"]]).to eq([4, "Negotiation"])
      expect(told(who)).to contain_exactly(a_string_including("changed in Krayin", "Negotiation"))
    end

    it "says that the lead is gone" do
      by { set(who, krayin_stage: "Won") }
      change(lead_of(who), "delete_lead")
      run_all
      2.times { look }
      expect(shown(who)).to eq({})
      expect(told(who)).to contain_exactly(a_string_including("no longer in Krayin"))
    end
  end

  # While somebody else has what is shown of the contact.
  def while_held(contact)
    held = Queue.new
    done = Queue.new
    holder = Thread.new { hold(contact, held, done) }
    held.pop
    Contact.connection.execute("SET lock_timeout = 200")
    yield
  ensure
    Contact.connection.execute("RESET lock_timeout")
    done << true
    holder.join
  end

  def hold(contact, held, done)
    rows = KrayinSync::Chatwoot::ShownLead
    rows.connection_pool.with_connection do
      rows.transaction do
        rows.lock.find_by!(contact_id: contact.id)
        held << true
        done.pop
      end
    end
  end

  it "keeps nothing else of the contact from being saved where it cannot be kept" do
    who.reload
    while_held(who) do
      by { who.update!(name: "Renamed", custom_attributes: who.custom_attributes.merge("krayin_stage" => "Prospect")) }
    end
    expect(who.reload.name).to eq("Renamed")
    look
    expect(shown(who)["krayin_stage"]).to eq("New")
  end

  it "comes to Krayin though the process died that was to tell of it" do
    by { set(who, krayin_stage: "Prospect") }
    clear
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
    look
    expect([stage_of(who), shown(who)["krayin_stage"]]).to eq([3, "Prospect"])
  end
end
