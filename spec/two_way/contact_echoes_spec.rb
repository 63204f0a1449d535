# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "../chatwoot/support/two_way"

# A colleague in Krayin and an agent in Chatwoot change the same person, in every order of up to four changes (or of
# CHANGES): its name, address, number and company at once.
RSpec.describe "Changes of a person on both sides", :chatwoot do
  include TwoWay

  before(:context) { connect_both_ways("contact-echoes", two_way_contact: "follow", sync_to_organization: true) }
  after(:context) { disconnect_both_ways }

  most = Integer(ENV.fetch("CHANGES", 4))

  # Of each order who changes, one after the other.
  define_method(:orders) { (1..most).flat_map { |size| %i[agent colleague].repeated_permutation(size).to_a } }

  # What the n-th change makes of a contact: both choose the same name at times.
  def said(one, number)
    choice = (one[:order].hash.abs + (number * 7) + (one[:order][number] == :agent ? 1 : 0)) % 4
    mine = "#{one[:id]}-#{number}"
    { name: "Name #{choice}", email: "e#{mine}@two.example", phone: format("+1415%05d%02d", one[:id] % 100_000, number),
      company: "Company #{mine}" }
  end

  def begin_anew
    @people = orders.map do |order|
      who = account.contacts.create!(name: "Order", email: "o#{rand(1_000_000_000)}@two.example",
                                     additional_attributes: { "company_name" => "First #{rand(1_000_000_000)}" })
      { order: order, id: who.id }
    end
    run_all
    3.times { look }
    @known = KrayinSync::Records::Link.where(kind: "contact", record_id: @people.map { |one| one[:id] })
                                      .pluck(:record_id, :person_id).to_h
  end

  def persons = krayin.records["persons"].to_h { |person| [person["id"], person] }

  def make(one, number, person)
    return if number >= one[:order].size

    one[:last] = said(one, number)
    one[:order][number] == :agent ? by_agent(one[:id], one[:last]) : by_colleague(person, one[:last])
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
    @people.reject do |one|
      person = all[@known[one[:id]]]
      same?(Contact.find(one[:id]), person, companies[person["organization_id"]])
    end
  end

  def same?(who, person, company)
    person["name"] == who.name && company == who.additional_attributes["company_name"] &&
      person["emails"].any? { |entry| entry["value"] == who.email } &&
      person["contact_numbers"].any? { |entry| entry["value"] == who.phone_number }
  end

  {
    "with everything brought over after each" => lambda {
      run_all
      look
    },
    "with nothing brought over before the last" => -> {},
    "with a look after each, and the contacts' jobs in the end" => lambda {
      looks.find_by!(hook_id: hook.id).look(hook)
    },
    "with the contacts' jobs after each, and a look in the end" => -> { run_all }
  }.each do |name, between|
    it "leave both sides equal #{name}, and nothing goes to and fro" do
      begin_anew
      most.times do |number|
        now = persons
        @people.each { |one| make(one, number, now[@known[one[:id]]]) }
        instance_exec(&between)
      end
      run_all
      3.times { look }
      run_all
      expect(unequal).to eq([])
      expect_rest
      next unless name.include?("everything")

      expect(@people.map { |one| Contact.find(one[:id]).email }).to eq(@people.map { |one| one[:last][:email] })
    end
  end

  # Nobody writes any more.
  def expect_rest
    krayin.forget_requests
    written = Contact.where(account_id: account.id).maximum(:updated_at)
    2.times { look }
    run_all
    expect(krayin.requests.map { |request| request["method"] }.uniq).to eq(["GET"])
    expect(Contact.where(account_id: account.id).maximum(:updated_at)).to eq(written)
  end
end
