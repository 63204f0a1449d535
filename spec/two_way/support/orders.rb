# frozen_string_literal: true

require_relative "../../chatwoot/support/two_way"

# A colleague in Krayin and an agent in Chatwoot who change the same, in every order. What they change is the group's:
# +somebody+ makes whom an order is about, +change_all(number)+ makes the change of that number where an order has one
# and notes it as +:last+, +unequal+ tells whose sides differ, and +ends+ what each has.
module Orders
  # What is done between two changes.
  BETWEEN = {
    "with everything brought over after each" => lambda {
      run_all
      look
    },
    "with nothing brought over before the last" => -> {},
    "with a look after each, and the agents' jobs in the end" => lambda {
      looks.find_by!(hook_id: hook.id).look(hook)
    },
    "with the agents' jobs after each, and a look in the end" => -> { run_all }
  }.freeze

  # @return [Array<Array<Symbol>>] who changes, one after the other
  def self.of(most) = (1..most).flat_map { |size| %i[agent colleague].repeated_permutation(size).to_a }

  # Which of so many the change of that number chooses: both choose the same at times.
  def choice(order, number, of:) = (order.hash.abs + (number * 7) + (order[number] == :agent ? 1 : 0)) % of

  # @yield for each of whom that order is, with who changes
  def each_changed(number)
    @people.each { |one| yield one, one[:order][number] if number < one[:order].size }
  end

  # @return [Array<Integer>] contacts
  def ids = @people.map { |one| one[:id] }

  # Nobody writes any more.
  def expect_rest
    krayin.forget_requests
    contacts = Contact.where(account_id: account.id)
    written = contacts.maximum(:updated_at)
    2.times { look }
    run_all
    expect(krayin.requests.map { |request| request["method"] }.uniq).to eq(["GET"])
    expect(contacts.maximum(:updated_at)).to eq(written)
  end
end

RSpec.shared_examples "changes in every order" do |most|
  include TwoWay
  include Orders

  Orders::BETWEEN.each do |name, between|
    it "leave both sides equal #{name}, and nothing goes to and fro" do
      @people = Orders.of(most).map { |order| { order: order, id: somebody } }
      run_all
      # Of many each look reads a part.
      [3, @people.size / 20].max.times { look }
      most.times do |number|
        change_all(number)
        instance_exec(&between)
      end
      run_all
      3.times { look }
      run_all
      expect(unequal).to eq([])
      expect(open_wishes).to eq(0)
      expect_rest
      next unless name.include?("everything")

      expect(ends).to eq(@people.map { |one| one[:last] })
    end
  end
end
