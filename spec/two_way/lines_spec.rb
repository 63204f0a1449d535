# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "../chatwoot/support/two_way"

# That a lead was moved in Krayin, said where its contact is spoken with.
RSpec.describe "The line of a lead that was moved", :chatwoot do
  include TwoWay

  before(:context) { connect_both_ways("lines", two_way_lines: true) }
  after(:context) { disconnect_both_ways }

  let(:who) do
    contact.tap do |one|
      conversation(one, inbox(account))
      run_all
      look
    end
  end

  def move(stage) = change(lead_of(who), "move_lead", stage: stage)

  it "is said once for each move that a look sees, and for nothing else" do
    who
    move("negotiation")
    3.times { look }
    expect(told(who)).to eq(["A colleague moved the lead to Negotiation in Krayin."])
    change(lead_of(who), fields: { lead_value: 5 })
    look
    set(who, krayin_stage: "Prospect")
    run_all
    look
    change(lead_of(who), "lose_lead", reason: "Too dear")
    2.times { look }
    expect(told(who).drop(1)).to eq(["A colleague moved the lead to Lost in Krayin."])
  end

  it "is said in the account's language, and where somebody speaks with the contact last" do
    later = conversation(who, inbox(account), last_activity_at: 1.hour.from_now)
    account.update!(locale: "pt_BR")
    move("won")
    look
    expect(told(who)).to eq(["Alguém da equipe moveu o lead para Won no Krayin."])
    expect(Message.where(conversation_id: later.id, message_type: :activity).count).to eq(1)
  ensure
    account.update!(locale: "en")
  end

  it "is said where another wish of an agent's is brought over first, and not beside what an agent is told" do
    set(who, krayin_lost_reason: "x", krayin_stage: "Won")
    move("prospect")
    run_all
    2.times { look }
    expect(told(who)).to contain_exactly(a_string_including("changed in Krayin meanwhile"))
    set(who, krayin_stage: "Lost")
    run_all
    set(who, krayin_lost_reason: "y")
    move("new")
    run_all
    2.times { look }
    expect(told(who).grep(/moved/)).to eq(["A colleague moved the lead to New in Krayin."])
  end

  it "says that a rule has moved it" do
    who
    KrayinSync::Chatwoot::StageRuled.note(hook.id, who.id)
    move("follow-up")
    look
    move("prospect")
    look
    expect(told(who)).to eq(["A rule for stages moved the lead to Follow Up in Krayin.",
                             "A colleague moved the lead to Prospect in Krayin."])
  end

  [%i[tell_move after], %i[take before], %i[take after], %i[write_to before], %i[write_to after]].each do |name, moment|
    it "is said once where the process dies #{moment} #{name}" do
      who
      move("negotiation")
      expect_death(:ShownLead, name, after: moment == :after) { look }
      3.times { look }
      expect(told(who)).to eq(["A colleague moved the lead to Negotiation in Krayin."])
      expect(shown(who)["krayin_stage"]).to eq("Negotiation")
    end
  end

  it "keeps nothing from being shown where Chatwoot takes no such line" do
    who
    allow(Message).to receive(:transaction).and_raise(ActiveRecord::RecordInvalid)
    move("negotiation")
    look
    expect(shown(who)["krayin_stage"]).to eq("Negotiation")
  end

  it "is not said unless the settings want it" do
    hook.update_columns(settings: hook.settings.except("two_way_lines"))
    who
    move("negotiation")
    look
    expect([told(who), shown(who)["krayin_stage"]]).to eq([[], "Negotiation"])
  ensure
    hook.update_columns(settings: hook.settings.merge("two_way_lines" => true))
  end
end
