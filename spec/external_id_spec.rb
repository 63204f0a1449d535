# frozen_string_literal: true

RSpec.describe KrayinSync::ExternalId do
  let(:text) { "krayin:person:1|krayin:lead:2|krayin:organization:3|krayin:activity:4" }

  it "reads what it wrote" do
    ids = { "person" => 1, "lead" => 2, "organization" => 3, "activity" => 4 }
    expect(described_class.parse(text)).to eq(ids)
    expect(described_class.build(ids.to_a.reverse.to_h)).to eq(text)
    expect(described_class.build(lead: 2, person: 1)).to eq("krayin:person:1|krayin:lead:2")
  end

  it "takes what a channel may have put there" do
    [nil, "", "+14155550182", "whatsapp:+14155550182", "krayin:person:", "krayin:person:x", "\xFF\xFE|krayin",
     "a" * 100_000].each { |junk| expect(described_class.parse(junk)).to eq({}) }
    expect(described_class.parse("junk|krayin:person:7|\xFF")).to eq("person" => 7)
  end

  it "merges, forgets and extracts" do
    expect(described_class.merge("krayin:lead:2", person: 1)).to eq("krayin:person:1|krayin:lead:2")
    expect(described_class.merge(nil, lead: 3)).to eq("krayin:lead:3")
    expect(described_class.forget("krayin:person:1|krayin:lead:2", :person)).to eq("krayin:lead:2")
    expect(described_class.extract("krayin:person:1|krayin:lead:2", "lead")).to eq(2)
    expect(described_class.extract("", "lead")).to be_nil
  end

  it "refuses what could not be read again" do
    [{ person: 0 }, { "a|b" => 1 }, { "" => 1 }].each do |ids|
      expect { described_class.build(ids) }.to raise_error(ArgumentError)
    end
    [{ person: -1 }, { person: "x" }, { person: 2**64 }, { person: nil }, nil, [], "x"].each do |ids|
      expect { described_class.build(ids) }.to raise_error(ArgumentError, /positive number|hash/)
    end
    expect { described_class.merge("", nil) }.to raise_error(ArgumentError, /hash/)
    expect(described_class.build(person: "12")).to eq("krayin:person:12")
  end
end
