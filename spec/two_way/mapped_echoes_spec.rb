# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "support/orders"

# A colleague in Krayin and an agent in Chatwoot change the same mapped attribute, in every order of up to four changes
# (or of CHANGES).
RSpec.describe "Changes of a mapped attribute on both sides", :chatwoot do
  %w[lead person].each do |entity|
    context "of a #{entity}" do
      include_examples "changes in every order", Integer(ENV.fetch("CHANGES", 4))

      before(:context) do
        connect_mapped("mapped-echoes-#{entity}", entity: entity)
        @agent = User.create!(name: "Ada", email: "ada-mapped#{rand(10_000_000)}@two.example")
      end

      after(:context) { disconnect_both_ways }
      after { Current.reset }
    end
  end

  def somebody
    account.contacts.create!(name: "Order", email: "o#{rand(1_000_000_000)}@two.example").id
  end

  def change_all(number)
    each_changed(number) do |one, who|
      one[:last] = "Plan #{choice(one[:order], number, of: 3)}"
      contact = Contact.find(one[:id])
      next change_mapped(contact, plan: one[:last]) if who == :colleague

      set(contact, by: @agent, plan: one[:last])
    end
  end

  def ends = ids.map { |id| krayins(Contact.find(id))["plan"] }

  def unequal
    shown = ids.map { |id| Contact.find(id).custom_attributes["plan"] }
    ends.zip(shown).reject { |krayin, chatwoot| krayin == chatwoot }
  end
end
