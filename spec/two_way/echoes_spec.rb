# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "../chatwoot/support/two_way"

# A colleague in Krayin and an agent in Chatwoot change the same lead, in every order of up to six changes.
RSpec.describe "Changes on both sides", :chatwoot do
  include TwoWay

  before(:context) do
    connect_both_ways("echoes")
    @agent = User.create!(name: "Ada", email: "ada-echoes@two.example")
  end

  after(:context) { disconnect_both_ways }
  after { Current.reset }

  let(:stages) { ["New", "Follow Up", "Prospect", "Negotiation", "Won", "Lost"] }
  let(:codes) { %w[new follow-up prospect negotiation won lost] }

  # Of each order who changes, one after the other.
  def orders = (1..6).flat_map { |size| %i[agent colleague].repeated_permutation(size).to_a }

  # What the n-th change makes of it: both choose the same at times.
  def stage(order, number) = (order.hash.abs + (number * 7) + (order[number] == :agent ? 1 : 0)) % stages.size

  def people
    orders.map do |order|
      who = account.contacts.create!(name: "Order", email: "o#{rand(1_000_000_000)}@two.example")
      { order: order, id: who.id }
    end
  end

  def leads
    by_person = krayin.records["leads"].to_h { |lead| [lead["person_id"], lead] }
    KrayinSync::Records::Link.where(kind: "contact", record_id: @people.map { |one| one[:id] })
                             .to_h { |link| [link.record_id, by_person.fetch(link.person_id)] }
  end

  def make(one, number, lead)
    return if number >= one[:order].size

    chosen = stage(one[:order], number)
    one[:last] = stages[chosen]
    return change(lead, "move_lead", stage: codes[chosen]) if one[:order][number] == :colleague

    who = Contact.find(one[:id])
    Current.account = account
    Current.user = @agent
    who.update!(custom_attributes: who.custom_attributes.merge("krayin_stage" => stages[chosen]))
  ensure
    Current.reset
  end

  def both_sides
    now = leads
    @people.map do |one|
      attributes = Contact.find(one[:id]).custom_attributes
      [stages[now[one[:id]]["lead_pipeline_stage_id"] - 1], attributes["krayin_stage"]]
    end
  end

  # What is done between two changes of a lead.
  {
    "with everything brought over after each" => lambda {
      run_all
      look
    },
    "with nothing brought over before the last" => -> {},
    "with a look after each, and the agents' jobs in the end" => lambda {
      looks.find_by!(hook_id: hook.id).look(hook)
    },
    "with the agents' jobs after each, and a look in the end" => -> { run_all }
  }.each do |name, between|
    it "leave both sides equal #{name}, and nothing goes to and fro" do
      begin_anew
      now = leads
      6.times do |number|
        @people.each { |one| make(one, number, now[one[:id]]) }
        instance_exec(&between)
      end
      run_all
      3.times { look }
      expect(both_sides.reject { |krayin, chatwoot| krayin == chatwoot }).to eq([])
      expect(open_wishes).to eq(0)
      expect_rest
      next unless name.include?("everything")

      expect(both_sides.map(&:first)).to eq(@people.map { |one| one[:last] })
    end
  end

  def begin_anew
    @people = people
    run_all
    3.times { look }
  end

  # Nobody writes any more.
  def expect_rest
    krayin.forget_requests
    contacts = Contact.where(account_id: account.id)
    written = contacts.maximum(:updated_at)
    2.times { look }
    # So many were touched within two minutes that a look takes a longer answer.
    expect(krayin.requests.map { |request| request["method"] }).to eq(["GET"] * 4)
    expect(contacts.maximum(:updated_at)).to eq(written)
  end
end
