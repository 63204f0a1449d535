# frozen_string_literal: true

require_relative "support/both_ways"

# What colleagues change of a person in Krayin, in the whole Chatwoot's contacts.
RSpec.describe "A contact that follows its person in the whole Chatwoot", :whole do
  include_context "with a desk both ways", "Followed", two_way_contact: "follow", label_tags: "person",
                                                       two_way_tags: true, sync_to_organization: true

  def known(name)
    id = contact(name: name, email: "#{name.downcase.tr(" ", "-")}@followed.example",
                 additional_attributes: { company_name: "Acme #{name}" })
    settle_both
    id
  end

  def at_desk(id) = desk.agent.get("/contacts/#{id}")["payload"]

  def said(id)
    at_desk(id).values_at("name", "email", "phone_number") << at_desk(id).dig("additional_attributes", "company_name")
  end

  def person(id) = record("persons", link(id)["person_id"])

  def labels(id) = desk.agent.get("/contacts/#{id}/labels")["payload"]

  it "takes name, address, number and company, and its own change goes to Krayin after it" do
    id = known("Fay Follows")
    work = ->(value) { [{ value: value, label: "work" }] }
    krayin.change({ change: "edit_person", person: person(id)["id"],
                    fields: { name: "Fay Renamed", emails: work["fay.new@followed.example"],
                              contact_numbers: work["+14155550142"] } },
                  { change: "edit_organization", organization: person(id)["organization_id"],
                    fields: { name: "Acme Renamed" } })
    eventually { look && said(id) == ["Fay Renamed", "fay.new@followed.example", "+14155550142", "Acme Renamed"] }
    settle
    krayin.forget_requests
    look
    settle
    expect(krayin.requests.map { |one| one["method"] }.uniq).to eq(["GET"])
    expect(desk.agent.patch("/contacts/#{id}", name: "Fay Again").status).to eq(200)
    eventually { person(id)["name"] == "Fay Again" }
    settle_both
    expect([said(id).first, person(id)["name"], dead_jobs]).to eq(["Fay Again", "Fay Again", []])
  end

  it "bears the account's label whose tag a colleague puts on its person" do
    desk.agent.post("/labels", title: "vip", color: "#ff8800")
    first = known("Lea Label")
    expect(desk.agent.post("/contacts/#{first}/labels", labels: ["vip"]).status).to eq(200)
    eventually { person(first)["tag_ids"].any? }
    second = known("Tom Tag")
    KrayinSync::Api::TagClient.new(krayin.url, krayin.tokens.first)
                              .tag_person(person(second)["id"], person(first)["tag_ids"].first)
    eventually { look && labels(second) == ["vip"] }
    expect(desk.agent.post("/contacts/#{second}/labels", labels: []).status).to eq(200)
    eventually { person(second)["tag_ids"].empty? }
    settle_both
    expect([labels(second), labels(first), person(first)["tag_ids"].size]).to eq([[], ["vip"], 1])
  end
end
