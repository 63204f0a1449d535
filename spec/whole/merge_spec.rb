# frozen_string_literal: true

require_relative "support/connected"

# What was one and is another, and what was and is no more.
RSpec.describe "Merged and deleted", :whole do
  include_context "with a connected desk", "Merge", sync_conversations: true, sync_messages: true

  def merge(kept, merged)
    answer = desk.agent.post("/actions/contact_merge", base_contact_id: kept, mergee_contact_id: merged)
    expect(answer.status).to eq(200)
  end

  it "brings the other one's number and words to the kept person and lead" do
    kept = contact(name: "Mona Mail", email: "mona@merge.example")
    other = contact(name: "Mona Phone", phone_number: "+4930777001")
    talk(other, "This is said by phone")
    settle
    eventually { said("This is said by phone").size == 2 }
    ours = link(kept)
    theirs = link(other)
    expect(ours["person_id"]).not_to eq(theirs["person_id"])
    merge(kept, other)
    eventually(60) { record("persons", ours["person_id"])["contact_numbers"].to_s.include?("+4930777001") }
    eventually(60) do
      said("This is said by phone").all? { |known| known["person_ids"].include?(ours["person_id"]) }
    end
    settle
    numbers = record("persons", ours["person_id"])["contact_numbers"]
    expect(numbers.map { |known| known["value"] }).to eq(["+4930777001"])
    expect(record("persons", theirs["person_id"])["name"]).to eq("Mona Phone (merged into ##{ours["person_id"]})")
    note = said("This is said by phone").find { |known| known["title"].start_with?("Conversation") }
    expect(note["lead_ids"]).to include(ours["lead_id"])
    expect(@krayin.records["persons"].count { |known| known["name"].start_with?("Mona") }).to eq(2)
    expect([link(other).slice("state", "merged"), dead_jobs]).to eq([{ "state" => "skipped", "merged" => nil }, []])
  end

  def emails(person) = record("persons", person)["emails"].map { |known| known["value"] }

  it "has a placeholder until a real value is there, be it written or merged in" do
    written = contact(name: "Pia Phone", phone_number: "+4930777003")
    kept = contact(name: "Quin Phone", phone_number: "+4930777004")
    other = contact(name: "Quin Mail", email: "quin@merge.example")
    settle
    pia, quin = [written, kept].map { |id| link(id)["person_id"] }
    expect([emails(pia), emails(quin)].flatten).to all(match(/\Achatwoot-.*\.invalid\z/))
    expect(desk.agent.patch("/contacts/#{written}", email: "pia@merge.example").status).to eq(200)
    eventually { emails(pia) == ["pia@merge.example"] }
    merge(kept, other)
    eventually { emails(quin) == ["quin@merge.example"] }
    settle
    expect([emails(pia), emails(quin), dead_jobs]).to eq([["pia@merge.example"], ["quin@merge.example"], []])
  end

  it "leaves a person that a colleague edited, and names both" do
    kept = contact(name: "Nina Mail", email: "nina@merge.example")
    other = contact(name: "Nina Phone", phone_number: "+4930777002")
    settle
    ours = link(kept)
    theirs = link(other)
    @krayin.change({ change: "edit_person", person: theirs["person_id"], fields: { job_title: "Director" } })
    merge(kept, other)
    settle
    eventually(60) { link(other)["merged"].nil? }
    expect(link(kept)["reason_params"]).to eq("person" => ours["person_id"], "other" => theirs["person_id"])
    expect(link(kept)["state"]).to eq("doubtful")
    expect(record("persons", theirs["person_id"])).to include("name" => "Nina Phone", "job_title" => "Director")
  end

  it "takes a deleted conversation's words out, and of a deleted contact what the installation says" do
    one = contact(name: "Olaf Out", email: "olaf@merge.example")
    number = talk(one, "Forget this", "And that")
    talk(one, "Keep this for now")
    settle
    eventually(90) { said("And that").size == 2 && said("Keep this for now").size == 2 }
    expect(desk.agent.delete("/conversations/#{number}").status).to eq(200)
    eventually(60) { said("Forget this").empty? && said("And that").empty? }
    expect(said("Keep this for now").size).to eq(2)
    expect(desk.agent.delete("/contacts/#{one}").status).to eq(200)
    settle
    expect([@krayin.person("olaf@merge.example").to_h["name"], said("Keep this for now").size]).to eq(["Olaf Out", 2])
    told = rake("krayin_sync:erase[#{desk.account},#{one}]")
    expect(told).to match(/Erased: 2 activity, 1 person, 1 lead/)
    expect(JSON.generate(@krayin.records)).not_to match(/Olaf|olaf@|Keep this for now/)
  end
end
