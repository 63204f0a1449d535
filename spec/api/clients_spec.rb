# frozen_string_literal: true

RSpec.describe KrayinSync::Api do
  let(:krayin) { SimulatedKrayin.of("2.1.0") }

  def client(kind) = described_class.const_get(kind).new(krayin.url, SimulatedKrayin::TOKEN)

  def person_of(word)
    { name: word, emails: [{ value: "#{word}@example.com", label: "work" }],
      contact_numbers: [{ value: "+1415555#{format("%04d", word.sum % 10_000)}", label: "work" }] }
  end

  it "gets, posts, puts and deletes" do
    base = client(:BaseClient)
    expect(base.get("/get")["data"]).to include("view_permission" => "global")
    id = base.post("contacts/persons", person_of("base"))["data"]["id"]
    expect(base.put("contacts/persons/#{id}", person_of("base").merge(job_title: "X"))["data"]["job_title"]).to eq("X")
    expect(base.get("contacts/persons", id: id)["data"].map { |person| person["id"] }).to eq([id])
    base.delete("contacts/persons/#{id}")
    expect(base.get("contacts/persons", id: id)["data"]).to eq([])
  end

  it "goes through a list page by page, as far as it is asked to" do
    base = client(:BaseClient)
    made = Array.new(5) { |n| base.post("contacts/persons", person_of("paged#{n}"))["data"]["id"] }
    ids = base.each_record("contacts/persons", page_size: 2).map { |person| person["id"] }
    expect(ids).to eq(ids.sort.uniq).and(include(*made))
    expect(base.each_record("contacts/persons", { id: made.last }).map { |person| person["id"] }).to eq([made.last])
    expect(krayin.requests { base.each_record("contacts/persons", page_size: 2).first(2) }.size).to eq(1)
    expect(base.each_record("contacts/persons", { id: 999_999 }).to_a).to eq([])
    expect { base.each_record("leads", 5).to_a }.to raise_error(ArgumentError, /params must be a hash/)
  end

  it "finds persons and leads whatever their spelling" do
    persons = client(:PersonClient)
    capitalised = [{ value: "Spelling@Example.com", label: "home" }]
    person = persons.create_person(person_of("spelling").merge(emails: capitalised))
    expect(persons.search_person(email: "spelling@example.com").map { |hit| hit["id"] }).to eq([person["id"]])
    expect(persons.search_person(phone: person["contact_numbers"][0]["value"])[0]["name"]).to eq("spelling")
    expect(persons.search_person(email: "pelling@example.com")).to eq([])
    expect(krayin.requests { expect(persons.search_person(email: "%", phone: "")).to eq([]) }).to eq([])
    expect(persons.update_person(person.slice("name", "emails", "contact_numbers").merge(job_title: "Y"), person["id"]))
      .to include("job_title" => "Y")
    expect(persons.get_person(person["id"].to_s)).to include("name" => "spelling", "emails" => person["emails"])

    leads = client(:LeadClient)
    lead = leads.create_lead(title: "L", lead_value: 1, lead_pipeline_stage_id: 1, person_id: person["id"])
    expect(leads.search_lead(email: "SPELLING@example.com").map { |hit| hit["id"] }).to eq([lead["id"]])
    expect(leads.update_lead({ title: "M", lead_pipeline_stage_id: 1 }, lead["id"])).to include("title" => "M")
    expect(leads.get_lead(lead["id"])["person"]).to include("id" => person["id"])
  end

  it "makes one tag, also where its answer is lost, and takes it off again" do
    tags = client(:TagClient)
    person = client(:PersonClient).create_person(person_of("coloured"))
    expect(tags.create_tag("vip", color: "#ff8800")).to include("name" => "vip", "color" => "#ff8800")
    krayin.fail_next(action: "close_after_acting", method: "POST", path: "/settings/tags")
    lost = tags.create_tag("lost")
    expect(tags.get_tags.count { |tag| tag["name"] == "lost" }).to eq(1)
    tags.tag_person(person["id"], lost["id"])
    tags.untag_person(person["id"], lost["id"])
    tags.untag_person(person["id"], lost["id"])
    expect { tags.create_tag("lost") }.to raise_error(KrayinSync::ConflictError)
  end

  it "knows pipelines, stages, sources and types" do
    leads = client(:LeadClient)
    pipeline = leads.get_pipelines.first
    expect(leads.get_stages(pipeline["id"])).to eq(pipeline["stages"])
    expect(leads.get_stages.first).to include("id" => 1)
    expect(leads.get_sources).to include(a_hash_including("name" => "Web"))
    expect(leads.get_types).to all(include("id", "name"))
  end

  it "keeps organizations and activities" do
    organizations = client(:OrganizationClient)
    made = organizations.create_organization(name: "Comma, Inc.")
    expect(organizations.search_organization("comma, inc.").map { |hit| hit["id"] }).to eq([made["id"]])
    organizations.update_organization({ name: "Comma, Inc.", address: { city: "SF" } }, made["id"])
    expect(organizations.get_organization(made["id"])["address"]).to include("city" => "SF")

    person = client(:PersonClient).create_person(person_of("notes"))
    activities = client(:ActivityClient)
    note = activities.create_activity(type: "note", title: "Conversation #7", comment: "c", person_id: person["id"])
    expect(activities.search_activity("Conversation #7").map { |hit| hit["id"] }).to eq([note["id"]])
    expect(activities.update_activity({ comment: "d" }, note["id"])).to include("comment" => "d")
    expect(activities.get_activity(note["id"])).to include("title" => "Conversation #7")
  end

  it "finds or creates through the finder services" do
    contact = { id: 1, name: "Finder", email: "finder@example.com" }
    persons = client(:PersonClient)
    finder = KrayinSync::PersonFinderService.new(person_client: persons, contact: contact)
    person = finder.perform
    expect(finder.perform["id"]).to eq(person["id"])
    lead_finder = KrayinSync::LeadFinderService.new(
      lead_client: client(:LeadClient), contact: contact, person_id: person["id"], settings: krayin.settings
    )
    lead = lead_finder.perform
    expect(lead).to include("title" => "Finder")
    expect(lead_finder.perform["id"]).to eq(lead["id"])
  end

  it "refuses odd arguments before anything is sent" do
    requests = krayin.requests do
      expect { client(:PersonClient).get_person(nil) }.to raise_error(ArgumentError, /positive number/)
      expect { client(:PersonClient).get_person("1; drop") }.to raise_error(ArgumentError)
      expect { client(:LeadClient).update_lead({}, -1) }.to raise_error(ArgumentError)
      ["text", nil, [1], [[:a, 1]]].each do |data|
        expect { client(:ActivityClient).create_activity(data) }.to raise_error(ArgumentError, /data must be a hash/)
        expect { client(:BaseClient).get("leads", data || 1) }.to raise_error(ArgumentError, /params must be a hash/)
      end
      expect { client(:BaseClient).post("leads", "text") }.to raise_error(ArgumentError, /hash/)
      odd = [nil, "", "/", "leads?limit=1", "leads#1", "https://example.com/leads", "../admin", "leads/../x", "."]
      odd.each do |path|
        expect { client(:BaseClient).get(path) }.to raise_error(ArgumentError, /below the API's address/), path.inspect
      end
    end
    expect(requests).to eq([])
  end

  it "keeps products" do
    products = client(:ProductClient)
    made = products.create_product(name: "Chair, red", sku: "C-1", price: 12, quantity: 1)
    expect(products.search_product("CHAIR, red").map { |hit| hit["id"] }).to eq([made["id"]])
    changed = products.update_product({ name: "Stool", sku: "C-1", price: 12, quantity: 1 }, made["id"].to_s)
    expect([changed["name"], products.get_product(made["id"])["sku"]]).to eq(%w[Stool C-1])
    expect(products.delete_product(made["id"])).to be_nil
    expect(products.get_products.map { |product| product["id"] }).not_to include(made["id"])
    expect { products.get_product(0) }.to raise_error(ArgumentError)
  end

  it "keeps tags, and puts them on persons and leads, once" do
    tags = client(:TagClient)
    tag = tags.create_tag("From the desk")
    expect([tags.find_tag("FROM the desk")["id"], tags.find_tag("none"),
            tags.find_tag(" ")]).to eq([tag["id"], nil, nil])
    expect(tags.get_tags.map { |known| known["name"] }).to include("From the desk")
    expect { tags.create_tag("From the desk") }.to raise_error(KrayinSync::ApiError)
    person = client(:PersonClient).create_person(person_of("tagged"))
    lead = client(:LeadClient).create_lead(title: "T", lead_pipeline_stage_id: 1, person_id: person["id"])
    2.times { [tags.tag_person(person["id"], tag["id"]), tags.tag_lead(lead["id"], tag["id"])] }
  end

  it "knows users and attributes, and makes sources, types and pipelines" do
    users = client(:UserClient)
    email = users.current_user["email"]
    expect(users.find_user(email.upcase)).to include("email" => email)
    expect([users.find_user("nobody@example.com"), users.find_user("")]).to eq([nil, nil])
    expect(users.get_users.map { |user| user["email"] }).to include(email)
    attributes = client(:AttributeClient)
    attributes.create_attribute(code: "shoe", name: "Shoe", type: "text", entity_type: "leads")
    expect(attributes.get_attributes(:leads).map { |row| row["code"] }).to include("title", "shoe")
    expect(attributes.get_attributes.map { |row| row["entity_type"] }.uniq.size).to be > 2
    %i[source type].each do |kind|
      made = client(:"#{kind.capitalize}Client").public_send(:"create_#{kind}", name: "From #{kind}")
      known = client(:"#{kind.capitalize}Client").public_send(:"get_#{kind}s")
      expect(known.map { |row| row["id"] }).to include(made["id"])
    end
    expect(client(:PipelineClient).get_pipelines.first["stages"].size).to be > 3
  end
end
