# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "support/orders"

# A colleague in Krayin and an agent in Chatwoot change the same person, in every order of up to four changes (or of
# CHANGES): its name, address, number and company at once.
RSpec.describe "Changes of a person on both sides", :chatwoot do
  include_examples "changes in every order", Integer(ENV.fetch("CHANGES", 4))

  before(:context) { connect_both_ways("contact-echoes", two_way_contact: "follow", sync_to_organization: true) }
  after(:context) { disconnect_both_ways }

  # What the n-th change makes of a contact.
  def said(one, number)
    mine = "#{one[:id]}-#{number}"
    { name: "Name #{choice(one[:order], number, of: 4)}", email: "e#{mine}@two.example",
      phone: format("+1415%05d%02d", one[:id] % 100_000, number), company: "Company #{mine}" }
  end

  def somebody
    account.contacts.create!(name: "Order", email: "o#{rand(1_000_000_000)}@two.example",
                             additional_attributes: { "company_name" => "First #{rand(1_000_000_000)}" }).id
  end

  def known = KrayinSync::Records::Link.where(kind: "contact", record_id: ids).pluck(:record_id, :person_id).to_h

  def persons = krayin.records["persons"].to_h { |person| [person["id"], person] }

  def change_all(number)
    now = persons
    of = known
    each_changed(number) do |one, who|
      one[:last] = said(one, number)
      who == :agent ? by_agent(one[:id], one[:last]) : by_colleague(now[of[one[:id]]], one[:last])
    end
  end

  def by_agent(id, said)
    who = Contact.find(id)
    who.update!(name: said[:name], email: said[:email], phone_number: said[:phone],
                additional_attributes: who.additional_attributes.merge("company_name" => said[:company]))
  end

  def by_colleague(person, said)
    work = ->(value) { [{ value: value, label: "work" }] }
    krayin.change({ change: "edit_person", person: person["id"],
                    fields: { name: said[:name], emails: work[said[:email]], contact_numbers: work[said[:phone]] } },
                  { change: "edit_organization", organization: person["organization_id"],
                    fields: { name: said[:company] } })
  end

  # Of whom not all that the contact has is in Krayin.
  def unequal
    all = persons
    companies = krayin.records["organizations"].to_h { |one| [one["id"], one["name"]] }
    of = known
    ids.reject do |id|
      person = all[of[id]]
      same?(Contact.find(id), person, companies[person["organization_id"]])
    end
  end

  def same?(who, person, company)
    person["name"] == who.name && company == who.additional_attributes["company_name"] &&
      person["emails"].any? { |entry| entry["value"] == who.email } &&
      person["contact_numbers"].any? { |entry| entry["value"] == who.phone_number }
  end

  def ends
    ids.map do |id|
      who = Contact.find(id)
      { name: who.name, email: who.email, phone: who.phone_number, company: who.additional_attributes["company_name"] }
    end
  end
end
