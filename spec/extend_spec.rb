# frozen_string_literal: true

require "logger"
require "stringio"

# What KrayinSync.extend and classes of a host's own add to the sync.
RSpec.describe "KrayinSync.extend" do
  let(:krayin) { SimulatedKrayin.new("2.1.0") }
  let(:hook) do
    Struct.new(:settings).new({ "sync_conversations" => true, "sync_messages" => true }).tap do |hook|
      KrayinSync::SetupService.new(hook: hook, api_url: krayin.url, api_token: SimulatedKrayin::TOKEN,
                                   cache: nil).perform
    end
  end
  let(:lines) { StringIO.new }

  around do |example|
    example.run
  ensure
    KrayinSync.configuration.extensions.clear
    KrayinSync.configure do |config|
      config.logger = config.contact_mapper = config.conversation_mapper = config.message_mapper = nil
      config.processor_service = nil
    end
    krayin.stop
  end

  def perform(event_name = "contact.created", by: KrayinSync::ProcessorService, **data)
    data = { contact: contact } if data.empty?
    by.new(hook: hook, event_name: event_name, event_data: data).perform
  end

  def contact(**fields) = { id: 7, name: "Jane Doe", email: "jane@example.com" }.merge(fields)

  def of(kind, id) = krayin.records[kind].find { |known| known["id"] == id }

  describe "a map" do
    it "changes and adds fields, by either kind of key, and cannot get round what makes text harmless" do
      client = KrayinSync::Api::BaseClient.new(krayin.url, SimulatedKrayin::TOKEN)
      client.post("settings/attributes", code: "vip", name: "VIP", type: "boolean", entity_type: "persons")
      KrayinSync.extend("shop") do |on|
        on.map(:contact) do |payload, snapshot|
          payload["person"]["job_title"] = "<b>{{#{snapshot[:name]}}}</b>" * 40
          payload[:person][:vip] = "yes"
          payload[:lead].merge!(title: "Sale to #{snapshot["name"]}", lead_value: 12.5, lead_source_id: 2)
        end
        on.map(:contact) { |payload, _| payload.merge("lead" => payload[:lead].merge("description" => "By hand")) }
      end
      ids = perform[:ids]
      person = of("persons", ids[:person])
      lead = of("leads", ids[:lead])
      expect(person["job_title"]).to start_with("‹b›{ {Jane Doe} }‹/b›").and(end_with("…"))
      expect(person["job_title"].size).to eq(255)
      expect(lead).to include("title" => "Sale to Jane Doe", "lead_source_id" => 2, "description" => "By hand")
      expect(perform("contact.updated")).to include(status: "skipped", requests: 0)
    end

    it "says of an address what Chatwoot would have said: no second person is made" do
      perform
      KrayinSync.extend { |on| on.map(:contact) { |payload, _| payload[:person][:emails] = ["jane@example.com"] } }
      expect(perform(contact: contact(id: 8, email: nil))[:created]).to eq([])
      expect(krayin.records["persons"].size).to eq(1)
    end

    it "is of conversations and messages too" do
      KrayinSync.extend("talk") do |on|
        on.map(:conversation) do |payload, _|
          payload.update(type: "call", is_done: true, comment: "#{payload[:comment]}<br>x<script>")
        end
        on.map(:message) do |payload, snapshot|
          { title: "Said in #{snapshot.dig(:conversation, :display_id)}, by #{payload[:title]}" }
        end
      end
      talk = { id: 3, display_id: 3, status: "open", created_at: Time.now - 60, contact: contact }
      activity = of("activities", perform("conversation.created", conversation: talk)[:ids][:activity])
      expect(activity).to include("type" => "call", "is_done" => 1, "comment" => end_with("<br>x&lt;script>"))
      message = { id: 9, message_type: 0, content: "Hi", conversation: talk,
                  sender: { name: "Jane Doe", type: "Contact" } }
      activity = of("activities", perform("message.created", message: message)[:ids][:activity])
      expect(activity["title"]).to start_with("Said in 3 by Message from Jane Doe")
    end

    it "that gives what Krayin cannot hold is told by its name, before anything is sent" do
      hook
      { { shoe: 5 } => "person.shoe", { name: { a: 1 } } => "person.name", { organization_name: "x" } => "person." }
        .each do |given, told|
        extension = KrayinSync.extend("wrong") { |on| on.map(:contact) { |payload, _| payload[:person].update(given) } }
        sent = krayin.requests do
          expect do
            perform
          end.to raise_error(KrayinSync::ExtensionError, /extension wrong failed at map\(:contact\): .*#{told}/)
        end
        expect(sent).to eq([])
        KrayinSync.configuration.extensions.remove(extension)
      end
      expect(perform).to include(status: "synced")
    end

    it "keeps no other record's event from anything" do
      KrayinSync.extend("odd") { |on| on.map(:contact) { |_, snapshot| raise "secret" if snapshot["id"] == 7 } }
      expect { perform }.to raise_error(KrayinSync::ExtensionError) { |error|
        expect(error).to have_attributes(extension: "odd", step: "map(:contact)", retriable?: false)
        expect([error.message.include?("secret"), error.cause.message]).to eq([false, "secret"])
        expect(error.reason).to eq(KrayinSync::Reason.new("extension_failed", extension: "odd", step: "map(:contact)"))
      }
      expect(perform(contact: contact(id: 8, email: "ann@example.com"))).to include(status: "synced")
    end
  end

  it "has a name of its own where it is given none" do
    named = KrayinSync.extend { |on| on.after_sync { |_ids, _outcome| nil } }
    expect(named.name).to eq("extend_spec.rb:#{__LINE__ - 1}")
    expect(Object.new.tap { |any| KrayinSync.singleton_class.include(Module.new) && any }).to be_a(Object)
    expect { KrayinSync.extend(Comparable) { |on| on.skip? { nil } } }.to raise_error(ArgumentError, /one name/)
    expect(KrayinSync.extend(Module.new)).to be(KrayinSync)
  end

  it "refuses what is no step, no kind and no block" do
    {
      ->(_on) {} => /says nothing/, ->(on) { on.map(:lead) { nil } } => /Only a contact/, lambda { |on|
                                                                                            on.skip?
                                                                                          } => /takes a block/,
      ->(on) { on.event("contact.created") { nil } } => /before_sync/, lambda { |on|
                                                                         on.event(" ") do
                                                                           nil
                                                                         end
                                                                       } => /does not know/
    }.each { |steps, message| expect { KrayinSync.extend("x", &steps) }.to raise_error(ArgumentError, message) }
    expect(KrayinSync.configuration.extensions.to_a).to eq([])
  end

  it "leaves out with a reason, in the hook's language, and without one" do
    hook.settings["language"] = "es"
    KrayinSync.extend("left") do |on|
      on.skip? do |data, event|
        data["contact"]["id"] == 7 ? :vip : event == "contact.updated"
      end
    end
    sent = krayin.requests do
      expect(perform).to include(
        status: "skipped", requests: 0, codes: [{ code: "extension_skipped", extension: "left", reason: "vip" }],
        reasons: ["La extensión left lo deja fuera: vip."]
      )
      expect(perform("contact.updated",
                     contact: contact(id: 8))[:codes]).to eq([{ code: "extension_skipped", extension: "left" }])
    end
    expect(sent).to eq([])
    expect(perform(contact: contact(id: 8))).to include(status: "synced")
  end

  it "hears of the events that the sync does not know" do
    heard = []
    KrayinSync.extend("typing") do |on|
      on.event("conversation_typing_on") { |data, hook| heard << [data[:conversation][:id], hook.settings["api_url"]] }
      on.event("inbox.odd") { raise IOError }
    end
    expect(perform("conversation.typing_on", conversation: { id: 5 })).to include(status: "synced", requests: 0)
    expect(heard).to eq([[5, krayin.url]])
    expect do
      perform("inbox_odd", conversation: { id: 5 })
    end.to raise_error(KrayinSync::ExtensionError, /event inbox_odd: IOError/)
    expect { perform("inbox.other", conversation: { id: 5 }) }.to raise_error(KrayinSync::EventError)
  end

  it "stands around each call, the first one outermost, and cannot undo what was done" do
    hook
    told = []
    KrayinSync.configure { |config| config.logger = Logger.new(lines) }
    %w[a b].each do |name|
      KrayinSync.extend(name) do |on|
        on.around_call do |request, attempt|
          told << "#{name} #{request.request_method}"
          told << "#{name} #{attempt.call}"
          raise "late" if name == "b"
        end
      end
    end
    expect(perform).to include(status: "synced", requests: 2)
    expect(told.first(4)).to eq(["a GET", "b GET", "b 200", "a 200"])
    expect(lines.string).to include("the extension b raised RuntimeError at around_call")
    KrayinSync.extend("never") { |on| on.around_call { |_request, _attempt| nil } }
    expect { perform(contact: contact(id: 8, email: "a@example.com")) }
      .to raise_error(KrayinSync::ExtensionError, /never failed at around_call: .*has not called the attempt/)
  end

  describe "a class of the host's" do
    it "maps what its super maps, but for what it says otherwise" do
      stub_const("ShopMapper", Class.new(Crm::Krayin::Mappers::ContactMapper) do
        def map_to_person = super.merge(job_title: "#{contact.name} <b>")
        def map_to_lead(person_id, settings) = super.merge(title: "Sale to #{contact[:email]}", lead_type_id: 2)
      end)
      stub_const("TalkMapper", Class.new(Crm::Krayin::Mappers::ConversationMapper) do
        def map_to_activity(person_id, settings)
          super.merge(type: "note", comment: "By #{conversation.contact.name}")
        end
      end)
      KrayinSync.configure do |config|
        config.contact_mapper = "ShopMapper"
        config.conversation_mapper = TalkMapper
      end
      talk = { id: 3, display_id: 3, channel_type: "Channel::Sms", created_at: Time.now, status: "open",
               contact: contact }
      perform("conversation.created", conversation: talk)
      records = krayin.records
      expect(records["persons"].last["job_title"]).to eq("Jane Doe ‹b›")
      expect(records["leads"].last).to include("title" => "Sale to jane@example.com", "lead_type_id" => 2)
      expect(records["activities"].last).to include("type" => "note", "comment" => "By Jane Doe")
    end

    it "runs events, with what it hands to its super, and leaves out what it does not" do
      stub_const("Desk", Class.new(Crm::Krayin::ProcessorService) do
        def handle_contact(contact)
          raise IOError if contact[:name] == "Odd"

          super(contact.merge(name: contact[:name].upcase)) unless contact[:name] == "Nobody"
        end
      end)
      expect(of("persons", perform(by: Desk)[:ids][:person])["name"]).to eq("JANE DOE")
      expect(perform(by: Desk,
                     contact: contact(name: "Nobody"))[:codes].first).to include(
                       code: "extension_skipped", extension: "Desk"
                     )
      expect { perform(by: Desk, contact: contact(name: "Odd")) }
        .to raise_error(KrayinSync::ExtensionError, /Desk failed at handle_contact: IOError/)
      expect { perform(by: Desk, contact: contact(id: nil)) }.to raise_error(KrayinSync::EventError)
    end

    it "is told by its name where it is none, and none of the right kind" do
      hook
      { "NoSuchMapper" => "there is no class of this name",
        "String" => "subclass of KrayinSync::Mappers::ContactMapper" }.each do |name, told|
        KrayinSync.configure { |config| config.contact_mapper = name }
        expect do
          perform
        end.to raise_error(KrayinSync::ExtensionError, /extension #{name} failed at contact_mapper: .*#{told}/)
      end
    end
  end
end
