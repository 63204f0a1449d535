# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "support/orders"

# A colleague in Krayin and an agent in Chatwoot change the same mapped attribute, in every order of up to four changes
# (or of CHANGES).
RSpec.describe "Changes of a mapped attribute on both sides", :chatwoot do
  include_examples "changes in every order", Integer(ENV.fetch("CHANGES", 4))

  before(:context) do
    connect_mapped("mapped-echoes")
    @agent = User.create!(name: "Ada", email: "ada-mapped#{rand(10_000_000)}@two.example")
  end

  after(:context) { disconnect_both_ways }
  after { Current.reset }

  def somebody
    account.contacts.create!(name: "Order", email: "o#{rand(1_000_000_000)}@two.example").id
  end

  # By contact.
  def leads
    found, = KrayinSync::Chatwoot::LeadReader.new(hook.reload.settings).newest(1000)
    by_person = found.to_h { |lead| [KrayinSync::Chatwoot::LeadAttributes.person_id(lead), lead] }
    links = KrayinSync::Records::Link.where(kind: "contact", record_id: ids)
    links.pluck(:record_id, :person_id).to_h.transform_values { |person| by_person.fetch(person) }
  end

  def change_all(number)
    # Krayin's ids stay.
    @leads = leads if number.zero?
    each_changed(number) do |one, who|
      one[:last] = "Plan #{choice(one[:order], number, of: 3)}"
      next change(@leads[one[:id]], fields: { plan: one[:last] }) if who == :colleague

      set(Contact.find(one[:id]), by: @agent, plan: one[:last])
    end
  end

  def ends
    now = leads
    ids.map { |id| now[id]["plan"] }
  end

  def unequal
    shown = ids.map { |id| Contact.find(id).custom_attributes["plan"] }
    ends.zip(shown).reject { |krayin, chatwoot| krayin == chatwoot }
  end
end
