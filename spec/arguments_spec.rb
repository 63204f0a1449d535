# frozen_string_literal: true

RSpec.describe KrayinSync::Arguments do
  bare = [nil, true, "text", :symbol, 5, 1.5, []]

  it "takes no bare value for a record" do
    mappers = KrayinSync::Mappers
    finder = { person_client: nil }
    bare.each do |value|
      expect { mappers::ContactMapper.new(value) }.to raise_error(ArgumentError, /contact must be/)
      expect { mappers::ConversationMapper.new(value) }.to raise_error(ArgumentError, /conversation must be/)
      expect { mappers::MessageMapper.new(value) }.to raise_error(ArgumentError, /message must be/)
      expect { KrayinSync::PersonFinderService.new(**finder, contact: value) }.to raise_error(ArgumentError, /contact/)
    end
    expect(mappers::ContactMapper.new(Struct.new(:name).new("Jane")).map_to_person).to include(name: "Jane")
  end

  it "takes a person's id as a number or as text that holds one" do
    contact = { id: 1, name: "Jane" }
    expect(KrayinSync::Mappers::ContactMapper.map_to_lead(contact, "5", {})).to include(person_id: 5)
    expect(KrayinSync::Mappers::ContactMapper.map_to_lead(contact, nil, {})).not_to have_key(:person_id)
    [0, -1, 1.5, "x", "0x5", 2**64].each do |id|
      expect { KrayinSync::Mappers::ContactMapper.map_to_lead(contact, id, {}) }
        .to raise_error(ArgumentError, "the person's id must be a positive number")
      expect { KrayinSync::Mappers::ConversationMapper.map_to_activity({}, id, {}) }.to raise_error(ArgumentError)
      expect { KrayinSync::Mappers::MessageMapper.map_to_activity({}, id, {}) }.to raise_error(ArgumentError)
      expect { KrayinSync::LeadFinderService.new(lead_client: nil, contact: {}, person_id: id, settings: {}) }
        .to raise_error(ArgumentError)
    end
  end

  it "names settings that are no hash" do
    (bare - [nil]).each do |settings|
      expect { KrayinSync::Mappers::ContactMapper.map_to_lead({}, 5, settings) }
        .to raise_error(KrayinSync::ConfigurationError, /must be a hash/)
    end
  end

  it "says what a hook and records must answer" do
    event = { event_name: "contact.created", event_data: {} }
    # Every object has a private `load`: it is none.
    expect { KrayinSync::ProcessorService.new(hook: Struct.new(:settings).new({}), records: Object.new, **event) }
      .to raise_error(ArgumentError, /load\(kind, id\) and store/)
    expect { KrayinSync::ProcessorService.new(hook: { "api_url" => "x" }, **event) }
      .to raise_error(ArgumentError, /hook must answer settings/)
    expect do
      KrayinSync::SetupService.new(hook: {}, api_url: "x", api_token: "y")
    end.to raise_error(ArgumentError, /hook/)
    expect do
      KrayinSync::ProcessorService.new(**event)
    end.to raise_error(KrayinSync::ConfigurationError, /no Krayin hook/)
  end

  it "says what clients and an inbox must be" do
    contact = { contact: { id: 1 } }
    expect { KrayinSync::PersonFinderService.new(person_client: nil, **contact) }
      .to raise_error(ArgumentError, "the person_client must be one of KrayinSync::Api's clients")
    expect { KrayinSync::LeadFinderService.new(lead_client: :x, person_id: 5, settings: {}, **contact) }
      .to raise_error(ArgumentError, "the lead_client must be one of KrayinSync::Api's clients")
    expect { KrayinSync::SetupService.new(api_url: "x", api_token: "y", inbox: 7) }
      .to raise_error(ArgumentError, "the inbox must answer hooks")
    expect { KrayinSync::ProcessorService.new(event_name: "contact.created", event_data: {}, inbox: false) }
      .to raise_error(ArgumentError, "the inbox must answer hooks")
    expect { KrayinSync.decide({ id: 7 }, "\xFF") }.to raise_error(ArgumentError, "the verdict must be text in UTF-8")
  end

  it "keeps an id only for a record that has one" do
    service = KrayinSync::ProcessorService.new(hook: Struct.new(:settings).new({}), event_name: "contact.created",
                                               event_data: {})
    expect { service.store_external_id({ name: "x" }, :person, 5) }.to raise_error(ArgumentError, /record's id/)
    expect { service.store_external_id({ id: 7 }, :person, nil) }.to raise_error(ArgumentError, /positive/)
    service.store_external_id({ id: 7 }, :person, "5")
    expect(service.get_external_id({ id: 7 }, :person)).to eq(5)
  end
end
