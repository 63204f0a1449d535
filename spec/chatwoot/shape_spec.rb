# frozen_string_literal: true

require_relative "support/one_krayin"

# What an administrator maps and rules, and what the tasks tell of it.
RSpec.describe "An installation's own shape", :chatwoot do
  attributes = lambda do |krayin|
    client = KrayinSync::Api::AttributeClient.new(krayin.url, krayin.tokens.first)
    client.create_attribute(code: "agent", name: "Agent", type: "text", entity_type: "leads")
    client.create_attribute(code: "customer", name: "Customer", type: "text", entity_type: "persons", is_unique: 1)
    client.create_attribute(code: "seats", name: "Seats", type: "price", entity_type: "persons")
  end
  include_context "with one Krayin", "shape", before_connecting: attributes, stage_progression_enabled: true,
                                              field_mapping: "person.customer = customer, " \
                                                             "lead.agent = assignee.email, person.seats = seats",
                                              stage_rules: "contact label vip -> Prospect; label hot -> Negotiation; " \
                                                           "team -> Nowhere"

  def contact(word, **attributes)
    @account.contacts.create!(name: word, email: "#{word.downcase}@shape.example", custom_attributes: attributes)
  end

  def lead_of(word)
    person = @krayin.person("#{word.downcase}@shape.example")
    @krayin.records["leads"].find { |lead| lead["person_id"] == person["id"] }
  end

  it "maps what is a conversation's, though conversations are not brought over" do
    talk = conversation(contact("Jane"), inbox(@account))
    run_all
    expect(lead_of("Jane")["agent"].to_s).to eq("")
    talk.update!(assignee: User.create!(name: "Ann", email: "ann@shape.example"))
    run_all
    expect(lead_of("Jane")["agent"]).to eq("ann@shape.example")
    expect(@krayin.records["activities"]).to eq([])
  end

  it "finds a person by a value that Krayin keeps unique, where no visitor can have written it" do
    ["Api", "WebWidget", "Email", nil].each_with_index do |channel, n|
      number = "C-#{n}"
      post = Net::HTTP::Post.new(URI("#{@krayin.url}/contacts/persons"),
                                 "Content-Type" => "application/json", "Accept" => "application/json",
                                 "Authorization" => "Bearer #{@krayin.tokens.first}")
      post.body = JSON.generate(name: "Una #{n}", customer: number,
                                emails: [{ value: "office#{n}@shape.example", label: "work" }],
                                contact_numbers: [{ value: "+1202555010#{n}", label: "work" }])
      Net::HTTP.start(post.uri.host, post.uri.port) { |http| http.request(post) }
      una = contact("Una#{n}", customer: number)
      ContactInbox.create!(contact: una, inbox: inbox(@account, channel), source_id: "una#{n}") if channel
      run_all
      one = @krayin.person("una#{n}@shape.example") == @krayin.person("office#{n}@shape.example")
      expect([channel, one]).to eq([channel, channel.nil? || channel == "Email"])
    end
  end

  it "reads of a conversation what the settings ask for, and nothing else" do
    talk = conversation(contact("Rae"), inbox(@account))
    database = Conversation.connection
    insert = lambda do |table, **row|
      values = row.values.map { |value| database.quote(value) }
      sql = "INSERT INTO #{table} (#{row.keys.join(", ")}, created_at, updated_at) " \
            "VALUES (#{values.join(", ")}, now(), now()) RETURNING id"
      database.select_value(sql)
    end
    talk.update_columns(campaign_id: insert.call("campaigns", title: "Spring", account_id: @account.id))
    [2, 5].each do |rating|
      insert.call("csat_survey_responses", conversation_id: talk.id, rating: rating,
                                           feedback_message: "Number #{rating}")
    end
    insert.call("reporting_events", name: "conversation_resolved", value: 90.0, conversation_id: talk.id)
    sources = %w[campaign.title csat.rating csat.feedback conversation.resolution_seconds]
    read = lambda { |of|
      KrayinSync::Chatwoot::EventData.read("conversation", talk.id, KrayinSync::Chatwoot::LinkStore.new, sources: of)
    }
    expect(read.call(sources)[:conversation])
      .to include(campaign_title: "Spring", csat_rating: 5, csat_feedback: "Number 5", resolution_seconds: 90.0)
    expect(read.call([])[:conversation].keys).not_to include(:campaign_title, :csat_rating)
  end

  it "moves a lead by its labels, and tells how each rule stands" do
    talk = conversation(contact("Hal"), inbox(@account))
    run_all
    talk.update!(label_list: %w[hot])
    run_all
    expect(lead_of("Hal")["lead_pipeline_stage_id"]).to eq(4)
    expect(KrayinSync::Chatwoot::RuleReport.new(talk.id).lines).to match(
      [/\Acontact label vip -> Prospect: has not fired/, /\Alabel hot -> Negotiation: has fired/,
       /\Ateam -> Nowhere: has not fired/]
    )
    talk.update!(team: Team.create!(name: "Sales", account_id: @account.id))
    expect(KrayinSync::Chatwoot::RuleReport.new(talk.id).lines.last).to match(/waits: no pipeline/)
    by_number = KrayinSync::Chatwoot::RuleReport.new("#{@account.id}:#{talk.display_id}")
    expect(by_number.lines).to eq(KrayinSync::Chatwoot::RuleReport.new(talk.id).lines)
    expect(KrayinSync::Chatwoot::RuleReport.new(0).lines).to eq(["There is no conversation 0."])
    expect(KrayinSync::Chatwoot::RuleReport.new("0:1").lines).to eq(["There is no conversation 0:1."])
    [nil, "", "x", "1:", "1:x"].each do |odd|
      expect { KrayinSync::Chatwoot::RuleReport.new(odd) }.to raise_error(ArgumentError), odd.inspect
    end
  end

  it "says before anything is written what the mapping would do" do
    fits = contact("Fitting", seats: "12")
    wrong = contact("Odd", seats: "a lot")
    clear
    @krayin.forget_requests
    check = KrayinSync::Chatwoot::MappingCheck.new(@hook)
    row = check.rows.find { |known| known[:attribute] == "person.seats" }
    expect(row[:filled]).to include(fits.id)
    expect(row[:wrong]).to eq([wrong.id])
    expect(check.lines.last)
      .to match(/\A  person.seats = seats: 1 filled, \d+ blank, 1 wrong \(contacts #{wrong.id}\)\z/)
    expect(@krayin.requests).to eq([])
  end

  it "offers rows by same names and types that fit" do
    definition = Struct.new(:attribute_key, :attribute_display_name, :attribute_display_type, :attribute_model)
    given = [definition.new("seat_count", "Seats", "number", "contact_attribute"),
             definition.new("agent", "Agent", "checkbox", "conversation_attribute"),
             definition.new("agent", "The agent", "text", "conversation_attribute"),
             definition.new("plan", "Plan", "text", "contact_attribute")]
    known = @hook.reload.settings["traits"]["attributes"]
    suggestion = KrayinSync::Chatwoot::MappingSuggestion
    expect(suggestion.rows(given, known, ""))
      .to eq(["person.seats = custom_attributes.seat_count", "lead.agent = conversation.custom_attributes.agent"])
    expect(suggestion.rows(given, known, @hook.settings["field_mapping"])).to eq([])
  end

  describe "a file of settings" do
    def file(text)
      path = File.join(Dir.mktmpdir, "krayin_sync.yml")
      File.write(path, text)
      KrayinSync::Chatwoot::SettingsFile.new(path)
    end

    it "is taken over once, for all accounts and for one" do
      text = "all:\n  sync_messages: true\naccounts:\n  #{@account.id}:\n    stage_rules: [label hot -> Prospect]\n"
      expect(file(text).apply).to eq(["Account #{@account.id}: sync_messages, stage_rules"])
      expect(@hook.reload.settings).to include("sync_messages" => true, "stage_rules" => "label hot -> Prospect",
                                               "api_token" => @krayin.tokens.first)
      expect(file(text).apply).to eq(["Account #{@account.id}: nothing to change"])
    end

    it "is refused as a whole for what is no setting of an administrator's" do
      { "all: {api_token: x}" => /api_token can be no setting/, "other: {}" => /must have all/, "all: 5" => /keys with/,
        "- a" => /must have all|not YAML/, "a: [" => /not YAML/,
        "all: {traits: {}}" => /traits can be/ }.each do |text, told|
        expect { file(text) }.to raise_error(KrayinSync::ConfigurationError, told)
      end
      expect { KrayinSync::Chatwoot::SettingsFile.new("/nowhere.yml") }
        .to raise_error(KrayinSync::ConfigurationError, /no such file/)
      expect { file("all: {stage_rules: nonsense}").apply }
        .to raise_error(KrayinSync::ConfigurationError, /account #{@account.id}: .*stage_rules must be rules/)
    end
  end
end
