# frozen_string_literal: true

RSpec.describe KrayinSync::Mappers::ContactMapper do
  let(:contact) do
    Struct.new(:id, :name, :email, :phone_number, :additional_attributes, :custom_attributes).new(
      7, "Jane Doe", "jane@example.com", "+1 (415) 555-0182",
      { "company_name" => "Acme", "job_title" => "CTO", "created_at_ip" => "203.0.113.9", "city" => "Lisbon" },
      { plan: "gold", since: Time.utc(2026, 1, 2, 3), odd: Float::NAN }
    )
  end

  it "maps an object that quacks like a contact" do
    expect(described_class.map_to_person(contact)).to eq(
      name: "Jane Doe", emails: [{ value: "jane@example.com", label: "work" }],
      contact_numbers: [{ value: "+14155550182", label: "work" }], job_title: "CTO"
    )
    expect(described_class.map_to_organization(contact)).to eq(name: "Acme")
    lead = described_class.new(contact).map_to_lead(5, "default_stage_id" => "2", "lead_source_id" => 3)
    expect(lead).to include(title: "Jane Doe", person_id: 5, lead_pipeline_stage_id: 2, lead_source_id: 3)
    expect(lead[:description]).to eq("Location: Lisbon\nPlan: gold\nSince: 2026-01-02 03:00 UTC")
  end

  it "maps hashes with either kind of key" do
    person = described_class.map_to_person("name" => "J", email: "j@example.com")
    expect(person).to include(name: "J", emails: [{ value: "j@example.com", label: "work" }])
  end

  it "maps what is hardly a contact" do
    deep = 1000.times.inject({}) { |inner, _| { a: inner } }
    [{}, { name: "\xFF" }, { name: "Jos\xE9".dup.force_encoding("ISO-8859-1") }, { additional_attributes: deep },
     { custom_attributes: [1], email: 5 }, Object.new].each do |odd|
      expect(described_class.map_to_person(odd)[:name]).to be_a(String)
    end
    expect(described_class.new({}).has_organization?).to be(false)
  end

  it "reads a value alike whatever class it has" do
    require "bigdecimal"
    [1000, 1000.0, "1000", "1,000.00", BigDecimal("1000"), Rational(1000), "0.1e4"].each do |value|
      expect(described_class.map_to_lead({ custom_attributes: { budget: value } }, 1, {})[:lead_value]).to eq(1000.0)
    end
    exact = { BigDecimal("12.125") => 12.125, BigDecimal("0.57") => 0.57, BigDecimal("NaN") => 0.0, Complex(1, 2) => 0 }
    exact.each do |value, expected|
      expect(described_class.map_to_lead({ custom_attributes: { budget: value } }, 1, {})[:lead_value]).to eq(expected)
    end
  end

  it "hands a class of a host's own the same fields, whatever it was given" do
    mapper = Class.new(described_class) do
      def map_to_person = super.merge(seen: [contact.name, contact[:email], contact["id"], contact.phone_number])
    end
    record = Struct.new(:id, :name, :email, :phone_number)
    [{ id: 1, name: "Ann", email: "ann@example.com" }, { "id" => 1, "name" => "Ann", "email" => "ann@example.com" },
     record.new(1, "Ann", "ann@example.com")].each do |given|
      expect(mapper.map_to_person(given)[:seen]).to eq(["Ann", "ann@example.com", 1, nil])
    end
  end

  it "names a setting that it cannot use" do
    expect { described_class.map_to_lead(contact, 1, "default_stage_id" => "secret") }
      .to raise_error(KrayinSync::ConfigurationError, /default_stage_id must be(?!.*secret)/)
  end
end
