# frozen_string_literal: true

RSpec.describe "What a caller hands over" do
  krayin = nil
  before(:all) { krayin = SimulatedKrayin.new("2.1.0") }
  after(:all) { krayin.stop }

  cyclic = {}
  cyclic[:a] = cyclic
  around_itself = []
  around_itself << around_itself
  deep = (1..200).inject("x") { |inner, _| { a: inner } }
  values = {
    "bytes" => "\xE9\xFF".b, "bad UTF-8" => "Jos\xE9", "Latin-1" => "José".encode("ISO-8859-1"), "NUL" => "a\u0000b",
    "UTF-16" => "Jane".encode("UTF-16LE"), "UTF-7" => "J+AOk-".dup.force_encoding("UTF-7"),
    "a lone surrogate" => [0xED, 0xA0, 0x80].pack("C*").force_encoding("UTF-8"),
    "not a number" => Float::NAN, "infinity" => Float::INFINITY, "a huge number" => 10**400, "below" => -(10**400),
    "a complex number" => Complex(1, 2), "a hash around itself" => cyclic, "a list around itself" => around_itself,
    "deep" => deep, "an object" => Object.new, "a symbol" => :word, "true" => true, "a list" => [1, [2]],
    "nothing" => nil, "a class" => String, "a range" => (1..),
    "a hash of odd keys" => { nil => 1, 5 => { Object.new => "\xFF" } }
  }

  api = KrayinSync::Api
  mappers = KrayinSync::Mappers
  calls = {
    "get a path" => ->(value, base, *) { base.get(value) },
    "get params" => ->(value, base, *) { base.get("leads", { search: value }) },
    "get by a param's name" => ->(value, base, *) { base.get("leads", { value => 1 }) },
    "post a body" => ->(value, base, *) { base.post("tags", value) },
    "put a field" => ->(value, base, *) { base.put("tags/1", { name: value }) },
    "delete a path" => ->(value, base, *) { base.delete(value) },
    "search_person" => ->(value, _, of) { of[:Person].search_person(email: value, phone: value) },
    "create_person" => ->(value, _, of) { of[:Person].create_person({ name: value, emails: [{ value: value }] }) },
    "create_person of it" => ->(value, _, of) { of[:Person].create_person(value) },
    "update_person" => ->(value, _, of) { of[:Person].update_person({ name: value }, value) },
    "get_person" => ->(value, _, of) { of[:Person].get_person(value) },
    "search_lead" => ->(value, _, of) { of[:Lead].search_lead(email: value) },
    "create_lead" => ->(value, _, of) { of[:Lead].create_lead({ title: value, lead_value: value, person: value }) },
    "update_lead" => ->(value, _, of) { of[:Lead].update_lead({ description: value }, 1) },
    "get_stages" => ->(value, _, of) { of[:Lead].get_stages(value) },
    "search_organization" => ->(value, _, of) { of[:Organization].search_organization(value) },
    "create_organization" => ->(value, _, of) { of[:Organization].create_organization({ name: "x", address: value }) },
    "search_activity" => ->(value, _, of) { of[:Activity].search_activity(value) },
    "create_activity" => ->(value, _, of) { of[:Activity].create_activity({ title: value, comment: value }) },
    "update_activity" => ->(value, _, of) { of[:Activity].update_activity({ comment: value }, value) },
    "a client's address" => ->(value, *) { api::BaseClient.new(value, "1|a") },
    "a client's token" => ->(value, *) { api::BaseClient.new("https://crm.example.com", value) },
    "a client's setting" => ->(value, *) { api::BaseClient.new("https://crm.example.com", "1|a", deadline: value) },
    "map_to_person" => ->(value, *) { mappers::ContactMapper.map_to_person({ name: value, email: value }) },
    "map_to_lead" => ->(value, *) { mappers::ContactMapper.map_to_lead({ custom_attributes: value }, value, {}) },
    "map a conversation" => lambda { |value, *|
      mappers::ConversationMapper.map_to_activity({ display_id: value, messages: value, labels: value }, 1, {})
    },
    "map a message" => ->(value, *) { mappers::MessageMapper.map_to_activity({ content: value }, 1, {}) },
    "parse ids" => ->(value, *) { KrayinSync::ExternalId.parse(value) },
    "build ids" => ->(value, *) { KrayinSync::ExternalId.build({ value => 1 }) },
    "merge ids" => ->(value, *) { KrayinSync::ExternalId.merge("krayin:person:1", { person: value }) },
    "read settings" => ->(value, *) { KrayinSync::Settings.read({ "custom_attributes" => value }) },
    "an event's name" => ->(value, *) { event(value, { contact: { id: 1, name: "x" } }) },
    "an event's data" => ->(value, *) { event("contact.created", value) },
    "an event's record" => ->(value, *) { event("contact.created", { contact: value }) },
    "an event's field" => ->(value, *) { event("contact.created", { contact: { id: value, name: value } }) },
    "the set-up's address" => ->(value, *) { set_up(api_url: value) },
    "the set-up's token" => ->(value, *) { set_up(api_token: value) },
    "the set-up's hook" => ->(value, *) { set_up(hook: value) },
    "the set-up's inbox" => ->(value, *) { set_up(inbox: value) },
    "the set-up's settings" => ->(value, *) { set_up(hook: Struct.new(:settings).new(value)) },
    "a setting of the set-up's" => lambda { |value, *|
      set_up(hook: Struct.new(:settings).new({ "lead_pipeline_id" => value, "attribute_allowlist" => value }))
    },
    "a person finder's contact" => lambda { |value, _, of|
      KrayinSync::PersonFinderService.new(person_client: of[:Person], contact: value).perform
    },
    "a person finder's client" => lambda { |value, *|
      KrayinSync::PersonFinderService.new(person_client: value, contact: { id: 1, email: "a@example.com" }).perform
    },
    "a contact's values for a person finder" => lambda { |value, _, of|
      contact = { id: value, name: value, additional_attributes: value, contact_inboxes: value }
      KrayinSync::PersonFinderService.new(person_client: of[:Person], contact: contact).perform
    },
    "a lead finder's contact" => lambda { |value, _, of|
      KrayinSync::LeadFinderService.new(lead_client: of[:Lead], contact: value, person_id: 99_999, settings: {}).perform
    },
    "a lead finder's client" => lambda { |value, *|
      KrayinSync::LeadFinderService.new(lead_client: value, contact: { id: 1 }, person_id: 99_999,
                                        settings: {}).perform
    },
    "a lead finder's person" => lambda { |value, _, of|
      KrayinSync::LeadFinderService.new(lead_client: of[:Lead], contact: { id: 1 }, person_id: value,
                                        settings: {}).perform
    },
    "a lead finder's settings" => lambda { |value, _, of|
      KrayinSync::LeadFinderService.new(lead_client: of[:Lead], contact: { id: 1 }, person_id: 99_999,
                                        settings: value).perform
    },
    "a record to keep an id for" => ->(value, *) { service.store_external_id(value, :person, 5) },
    "a record's id to keep an id for" => ->(value, *) { service.store_external_id({ id: value }, :person, 5) },
    "what an id is of" => ->(value, *) { service.store_external_id({ id: 7 }, value, 5) },
    "an id to keep" => ->(value, *) { service.store_external_id({ id: 7 }, :person, value) },
    "a record whose id is wanted" => ->(value, *) { service.get_external_id(value, :person) },
    "whose id is wanted" => ->(value, *) { service.get_external_id({ id: 7 }, value) },
    "ids as text" => ->(value, *) { service.extract_external_id(value, value) },
    "what is decided" => ->(value, *) { KrayinSync.decide({ id: 7 }, value) },
    "whom it is decided of" => ->(value, *) { KrayinSync.decide(value, "same") },
    "who it is decided to be" => ->(value, *) { KrayinSync.decide({ id: 7 }, "same", person: value) },
    "a hook's settings" => ->(value, *) { event("contact.created", { contact: { id: 1 } }, { "api_url" => value }) }
  }

  # Nothing that has no identity is sent, so that a call which is let through creates no record for another.
  def event(name, data, settings = { "api_url" => "https://crm.example.com" })
    hook = Struct.new(:settings).new(settings.merge("api_token" => "1|a"))
    KrayinSync::ProcessorService.new(event_name: name, event_data: data, hook: hook).perform
  end

  def set_up(**given)
    KrayinSync::SetupService.new(api_url: krayin_url, api_token: SimulatedKrayin::TOKEN, cache: nil, **given).perform
  end

  def service
    hook = Struct.new(:settings).new({ "api_url" => "https://crm.example.com", "api_token" => "1|a" })
    KrayinSync::ProcessorService.new(event_name: "contact.created", event_data: {}, hook: hook)
  end

  let(:krayin_url) { krayin.url }
  let(:base) { KrayinSync::Api::BaseClient.new(krayin.url, SimulatedKrayin::TOKEN) }
  let(:clients) do
    %i[Person Lead Organization Activity].to_h do |kind|
      [kind, KrayinSync::Api.const_get(:"#{kind}Client").new(krayin.url, SimulatedKrayin::TOKEN)]
    end
  end

  # @return [StandardError, nil]
  def failure_of(call, value)
    instance_exec(value, base, clients, &call)
    nil
  rescue StandardError, SystemStackError => e
    e
  end

  around do |example|
    KrayinSync.retry_base = 0
    example.run
    KrayinSync.retry_base = nil
  end

  calls.each do |name, call|
    it "is used or refused in the gem's own words: #{name}" do
      values.each do |kind, value|
        error = nil
        requests = krayin.requests { error = failure_of(call, value) }
        case error
        when nil, KrayinSync::Error then next
        when ArgumentError
          expect(requests).to eq([]), "#{kind}: #{error.message} after #{requests}"
          expect(error.message).to match(/\A(the|each|ids|to) .*must/), "#{kind}: #{error.message}"
          expect(error.backtrace.join).to include("krayin_sync/")
        else raise error.class, "#{kind}: #{error.message}", error.backtrace
        end
      end
    end
  end

  it "names the argument that is not UTF-8, too deep or no number" do
    table = {
      -> { clients[:Person].search_person(email: "\xFF") } => "the email must be text in UTF-8",
      -> { clients[:Activity].search_activity("\xFF") } => "the title must be text in UTF-8",
      -> { clients[:Person].create_person(name: "\xE9") } => "each text in the data must be text in UTF-8",
      -> { clients[:Person].create_person(name: "a".encode("UTF-16LE"), x: Float::NAN) } =>
        "each number in the data must be one that JSON has, below 10**300",
      -> { clients[:Lead].update_lead({ a: deep }, 1) } => "the data must not be nested more than 20 deep",
      -> { base.get("leads", { a: "\xFF" }) } => "each param must be text in UTF-8",
      -> { base.get("le\xFFads") } => "the path must be text in UTF-8"
    }
    table.each { |call, message| expect(&call).to raise_error(ArgumentError, message) }
  end

  # What a record's creation may be answered with besides.
  answers = {
    "deep JSON" => %({"data":{"id":7,"more":#{"[" * 110}#{"]" * 110}}}),
    "a byte that is no text" => "{\"data\":{\"id\":7,\"name\":\"Jos\xE9\"}}".b,
    "null characters" => '{"data":{"id":7,"name":"a\u0000b"}}',
    "a large number" => '{"data":{"id":7,"lead_value":123456789012345678901234567890}}',
    "a byte order mark" => "\u{feff}{\"data\":{\"id\":7}}".b,
    "warnings" => "<br />\n<b>Warning</b>: x\n{\"data\":{\"id\":7}}"
  }
  answers.each do |kind, body|
    it "gives the id of what was created, in an answer with #{kind}" do
      server = RawServer.new do
        "HTTP/1.1 201 Created\r\nContent-Length: #{body.bytesize}\r\nConnection: close\r\n\r\n".b + body.b
      end
      client = KrayinSync::Api::PersonClient.new(server.url, "1|a")
      expect(client.create_person(name: "x", emails: [{ value: "a@example.com" }])["id"]).to eq(7)
      expect(server.requests.size).to eq(1)
      expect(KrayinSync::Api::BaseClient.new(server.url, "1|a").get("get")["data"]["id"]).to eq(7)
    ensure
      server&.stop
    end
  end
end
