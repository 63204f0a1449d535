# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "support/orders"

# Tags that colleagues put on in Krayin and take off there, as labels in Chatwoot.
RSpec.describe "Tags as labels", :chatwoot do
  include TwoWay

  before(:context) do
    connect_both_ways("tags", label_tags: "person_and_lead", two_way_tags: true)
    %w[vip billing].each { |title| Label.create!(title: title, color: "#ff8800", account_id: account.id) }
    %w[vip elsewhere].each { |name| tag_client.create_tag(name) }
    learn
  end

  after(:context) { disconnect_both_ways }

  def tag_client = KrayinSync::Api::TagClient.new(krayin.url, krayin.tokens.first)

  def tag(name) = tag_client.find_tag(name)["id"]

  # What the set-up does once an hour.
  def learn
    KrayinSync::Chatwoot::SetupJob.enqueue(hook.id)
    run_all
    hook.reload
  end

  # All tags in turn.
  def look_at_all = 4.times { look }

  def labels(contact)
    sql = "SELECT tags.name FROM taggings JOIN tags ON tags.id = taggings.tag_id WHERE taggable_type = 'Contact' " \
          "AND taggable_id = #{contact.id} ORDER BY 1"
    Contact.connection.select_values(sql)
  end

  def person(contact) = krayin.records["persons"].find { |one| one["id"] == link(contact).person_id }

  def tags(record)
    names = tag_client.get_tags.to_h { |one| one.values_at("id", "name") }
    record["tag_ids"].map { |id| names.fetch(id) }.sort
  end

  def both(contact) = [tags(person(contact)), tags(lead_of(contact)), labels(contact)]

  it "puts a label on that a colleague has put on as a tag, and takes it off again" do
    who = contact
    look_at_all
    tag_client.tag_person(link(who).person_id, tag("vip"))
    look_at_all
    expect(both(who)).to eq([%w[vip]] * 3)
    tag_client.untag_lead(lead_of(who)["id"], tag("vip"))
    look_at_all
    expect(both(who)).to eq([[]] * 3)
  end

  it "takes a label off the conversations that bear it, too" do
    who = contact
    talk = conversation(who, inbox(account))
    talk.update!(label_list: %w[vip billing])
    run_all
    look_at_all
    expect(tags(person(who))).to eq(%w[billing vip])
    tag_client.untag_person(link(who).person_id, tag("billing"))
    look_at_all
    expect(talk.reload.cached_label_list).to eq("vip")
    expect(both(who)).to eq([%w[vip], %w[vip], []])
  end

  it "leaves tags alone that are none of the account's labels" do
    who = contact
    look_at_all
    tag_client.tag_person(link(who).person_id, tag("elsewhere"))
    look_at_all
    expect([labels(who), tags(person(who))]).to eq([[], %w[elsewhere]])
  end

  it "puts nothing back that an agent has taken off, and takes nothing off that an agent has put on" do
    who = contact
    tag_client.tag_person(link(who).person_id, tag("vip"))
    look_at_all
    expect(labels(who)).to eq(%w[vip])
    who.reload.update!(label_list: [])
    looks.find_by!(hook_id: hook.id).look(hook)
    expect(labels(who)).to eq([])
    run_all
    look_at_all
    expect(both(who)).to eq([[]] * 3)
    who.reload.update!(label_list: %w[vip])
    looks.find_by!(hook_id: hook.id).look(hook)
    run_all
    look_at_all
    expect(both(who)).to eq([%w[vip]] * 3)
  end

  it "writes nothing more once both sides are equal, at two requests a look" do
    who = contact
    tag_client.tag_lead(lead_of(who)["id"], tag("vip"))
    2.times { look_at_all }
    krayin.forget_requests
    look
    expect(krayin.requests.map { |one| one["path"] }.tally).to include("/leads" => 1)
    expect(krayin.requests.count { |one| one["path"].end_with?("search") }).to eq(2)
    expect(krayin.requests.map { |one| one["method"] }.uniq).to eq(%w[GET])
    expect(both(who)).to eq([%w[vip]] * 3)
  end

  most = Integer(ENV.fetch("CHANGES", 3))

  def change_tag(who, by, on)
    return who.reload.update!(label_list: on ? %w[vip] : []) if by == :agent

    person = link(who).person_id
    on ? tag_client.tag_person(person, tag("vip")) : untag(person)
  end

  # As a colleague who takes it off wherever it is.
  def untag(person)
    tag_client.untag_person(person, tag("vip"))
    krayin.records["leads"].select { |one| one["person_id"] == person }.each do |lead|
      tag_client.untag_lead(lead["id"], tag("vip"))
    end
  end

  # Of each order who changes, one after the other, and the tag is on and off in turn; CHANGES says up to how many.
  it "are equal on both sides, as the last one wanted it, in every order of changes" do
    people = Orders.of(most).to_h { |order| [order, contact] }
    2.times { look_at_all }
    most.times do |number|
      people.each { |order, who| change_tag(who, order[number], number.even?) if order[number] }
      run_all
      look_at_all
    end
    look_at_all
    wrong = people.reject { |order, who| both(who) == [order.size.odd? ? %w[vip] : []] * 3 }
    expect(wrong.keys).to eq([])
  end
end
