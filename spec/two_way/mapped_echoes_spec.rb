# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "../chatwoot/support/two_way"

# A colleague in Krayin and an agent in Chatwoot change the same mapped attribute, in every order of up to four changes
# (or of CHANGES).
RSpec.describe "Changes of a mapped attribute on both sides", :chatwoot do
  include TwoWay

  before(:context) do
    connect_mapped("mapped-echoes")
    @agent = User.create!(name: "Ada", email: "ada-mapped#{rand(10_000_000)}@two.example")
  end

  after(:context) { disconnect_both_ways }
  after { Current.reset }

  most = Integer(ENV.fetch("CHANGES", 4))

  # Of each order who changes, one after the other.
  define_method(:orders) { (1..most).flat_map { |size| %i[agent colleague].repeated_permutation(size).to_a } }

  def leads
    found, = KrayinSync::Chatwoot::LeadReader.new(hook.reload.settings).newest(1000)
    found.to_h { |lead| [KrayinSync::Chatwoot::LeadAttributes.person_id(lead), lead] }
  end

  def known
    links = KrayinSync::Records::Link.where(kind: "contact", record_id: @people.map { |one| one[:id] })
    links.pluck(:record_id, :person_id).to_h
  end

  # Both choose the same at times.
  def choice(order, number) = "Plan #{(order.hash.abs + (number * 7) + (order[number] == :agent ? 1 : 0)) % 3}"

  def make(one, number, lead)
    return if number >= one[:order].size

    one[:last] = choice(one[:order], number)
    return change(lead, fields: { plan: one[:last] }) if one[:order][number] == :colleague

    set(Contact.find(one[:id]), by: @agent, plan: one[:last])
  end

  def both_sides
    now = leads
    persons = known
    @people.map { |one| [now[persons[one[:id]]]["plan"], Contact.find(one[:id]).custom_attributes["plan"]] }
  end

  def begin_anew
    @people = orders.map do |order|
      who = account.contacts.create!(name: "Order", email: "o#{rand(1_000_000_000)}@two.example")
      { order: order, id: who.id }
    end
    run_all
    # Of many leads each look reads a part.
    [3, @people.size / 20].max.times { look }
  end

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
      persons = known
      most.times do |number|
        @people.each { |one| make(one, number, now[persons[one[:id]]]) }
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

  # Nobody writes any more.
  def expect_rest
    krayin.forget_requests
    contacts = Contact.where(account_id: account.id)
    written = contacts.maximum(:updated_at)
    2.times { look }
    expect(krayin.requests.map { |request| request["method"] }.uniq).to eq(["GET"])
    expect(contacts.maximum(:updated_at)).to eq(written)
  end
end
