# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "support/orders"

# A colleague in Krayin and an agent in Chatwoot change the same lead, in every order of up to six changes.
RSpec.describe "Changes on both sides", :chatwoot do
  include_examples "changes in every order", 6

  before(:context) do
    connect_both_ways("echoes")
    @agent = User.create!(name: "Ada", email: "ada-echoes@two.example")
  end

  after(:context) { disconnect_both_ways }
  after { Current.reset }

  let(:stages) { ["New", "Follow Up", "Prospect", "Negotiation", "Won", "Lost"] }
  let(:codes) { %w[new follow-up prospect negotiation won lost] }

  def somebody
    account.contacts.create!(name: "Order", email: "o#{rand(1_000_000_000)}@two.example").id
  end

  def leads
    by_person = krayin.records["leads"].to_h { |lead| [lead["person_id"], lead] }
    KrayinSync::Records::Link.where(kind: "contact", record_id: ids)
                             .to_h { |link| [link.record_id, by_person.fetch(link.person_id)] }
  end

  def change_all(number)
    now = leads
    each_changed(number) do |one, who|
      chosen = choice(one[:order], number, of: stages.size)
      one[:last] = stages[chosen]
      next change(now[one[:id]], "move_lead", stage: codes[chosen]) if who == :colleague

      set(Contact.find(one[:id]), by: @agent, krayin_stage: stages[chosen])
    end
  end

  def ends
    now = leads
    ids.map { |id| stages[now[id]["lead_pipeline_stage_id"] - 1] }
  end

  def unequal
    shown = ids.map { |id| Contact.find(id).custom_attributes["krayin_stage"] }
    ends.zip(shown).reject { |krayin, chatwoot| krayin == chatwoot }
  end

  def expect_rest
    super
    # So many were touched within two minutes that a look takes a longer answer.
    expect(krayin.requests.size).to eq(4)
  end
end
