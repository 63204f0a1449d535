# frozen_string_literal: true

# What a place for ids must do. The including group says `let(:records)`.
RSpec.shared_examples "a place for ids" do
  def store(kind, id, **stored) = records.store(kind, id, JSON.generate(stored))

  def kept(kind, id) = records.load(kind, id)&.then { |json| JSON.parse(json) }

  it "knows nothing of what was never stored" do
    expect(records.load("contact", 4_000_000_001)).to be_nil
  end

  it "gives back what was stored, of each kind of record apart, with what a later version adds" do
    full = { "ids" => "krayin:person:1|krayin:lead:2|krayin:organization:3|krayin:activity:4|krayin:quote:9",
             "server" => "krayin-a", "address" => "here", "unverified" => true, "pending" => true,
             "sent" => { "name" => "0a|0b" }, "stages" => ["created"], "state" => "doubtful",
             "reason" => { "code" => "twins", "params" => { "count" => 2 } }, "later" => { "x" => [1] } }
    records.store("contact", 1, JSON.generate(full))
    store("conversation", 1, ids: "krayin:activity:7", server: "krayin-a")
    expect(kept("contact", 1)).to include(full)
    expect(kept("conversation", 1)).to include("ids" => "krayin:activity:7")
    expect(kept("conversation", 1)).not_to include("pending", "state", "reason", "sent")
  end

  it "counts its stores, and takes ids and digests away for one who has seen them" do
    store("contact", 2, ids: "krayin:person:1|krayin:lead:2", server: "krayin-a", sent: { name: "0a" })
    seen = kept("contact", 2)
    expect(seen["revision"]).to eq(1)
    records.store("contact", 2, JSON.generate(seen.merge("ids" => "krayin:person:1", "sent" => {})))
    expect(kept("contact", 2)).to include("ids" => "krayin:person:1", "revision" => 2)
    expect(kept("contact", 2)["sent"].to_h).to eq({})
  end

  it "tells which contacts have a person of one Krayin" do
    store("contact", 12, ids: "krayin:person:77|krayin:lead:2", server: "krayin-a")
    store("contact", 13, ids: "krayin:lead:9|krayin:person:77", server: "krayin-a")
    store("contact", 14, ids: "krayin:person:77", server: "krayin-b")
    store("contact", 15, ids: "krayin:person:7|krayin:lead:77", server: "krayin-a")
    store("conversation", 16, ids: "krayin:person:77", server: "krayin-a")
    expect(records.contacts_of("krayin-a", 77)).to contain_exactly(12, 13)
    expect(records.contacts_of("krayin-a", 78)).to be_empty
  end

  it "loses nothing where two writers meet" do
    store("conversation", 3, ids: "", server: "krayin-a")
    before = kept("conversation", 3)
    activity = before.merge("ids" => "krayin:activity:5", "sent" => { "activity" => "0a" })
    rule = before.merge("stages" => ["created"])
    [activity, rule].map do |stored|
      Thread.new do
        records.store("conversation", 3, JSON.generate(stored))
      end
    end.each(&:join)
    expect(kept("conversation", 3)).to include("ids" => "krayin:activity:5", "stages" => ["created"],
                                               "sent" => { "activity" => "0a" }, "revision" => 3)
  end

  it "takes two first stores at the same moment" do
    %w[person lead].each_with_index.map do |type, n|
      Thread.new { store("contact", 4, ids: "krayin:#{type}:#{n + 1}", server: "krayin-a") }
    end.each(&:join)
    expect(kept("contact", 4)["ids"]).to eq("krayin:person:1|krayin:lead:2")
  end

  it "keeps what a person has decided, also where another writer comes between" do
    store("contact", 6, ids: "", server: "krayin-a", state: "doubtful",
                        reason: { code: "doubtful", params: { contact: 6, persons: [5] } })
    stale = kept("contact", 6)
    KrayinSync.decide(6, :same, records: records)
    expect(kept("contact", 6)).to include("decision" => { "same" => 5 }, "pending" => true)
    records.store("contact", 6, JSON.generate(stale))
    expect(kept("contact", 6)).to include("decision" => { "same" => 5 })
    records.store("contact", 6, JSON.generate(kept("contact", 6).merge("ids" => "krayin:person:5").except("decision")))
    expect(kept("contact", 6)).not_to include("decision")
  end

  it "decides what is doubtful in the Krayin that it is doubtful in" do
    doubt = { state: "doubtful", reason: { code: "doubtful", params: { contact: 7, persons: [5, 6] } } }
    store("contact", 7, ids: "", server: "krayin-a", **doubt)
    first = kept("contact", 7)
    records.store("contact", 7, JSON.generate("ids" => "krayin:person:9", "server" => "krayin-b", "others" => [first]))
    expect { KrayinSync.decide({ id: 7 }, "same", records: records) }
      .to raise_error(KrayinSync::DecisionError, /say which, 5 or 6/)
    expect { KrayinSync.decide({ id: 7 }, "same", person: 4, records: records) }
      .to raise_error(KrayinSync::DecisionError, /may be 5 or 6/)
    KrayinSync.decide({ id: 7 }, "same", person: 6, records: records)
    all = [kept("contact", 7), *kept("contact", 7)["others"]].to_h { |known| [known["server"], known] }
    expect(all["krayin-a"]).to include("decision" => { "same" => 6 })
    expect(all["krayin-b"]).to include("ids" => "krayin:person:9")
    expect(all["krayin-b"]).not_to include("decision")
    expect { KrayinSync.decide({ id: 7 }, :another, records: records) }
      .to raise_error(KrayinSync::DecisionError, /not doubtful/)
  end

  it "keeps what another Krayin gave beside" do
    store("contact", 5, ids: "krayin:person:1", server: "krayin-a")
    first = kept("contact", 5)
    records.store("contact", 5, JSON.generate("ids" => "krayin:person:9", "server" => "krayin-b", "others" => [first]))
    expect(kept("contact", 5)).to include("ids" => "krayin:person:9", "server" => "krayin-b")
    expect(kept("contact", 5)["others"]).to match([include("ids" => "krayin:person:1", "server" => "krayin-a")])
  end
end
