# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "../chatwoot/support/two_way"

# Rows of the mapping that go both ways: attributes of Krayin's own, beside a contact's of the account's own.
RSpec.describe "What the mapping has both ways", :chatwoot do
  include TwoWay

  before(:context) { SmallChatwoot.start }

  { "of a lead" => ["lead", {}], "of a person with a lead" => ["person", {}],
    "of a person without one" => ["person", { lead_policy: "never" }] }.each do |whose, (entity, settings)|
    context whose do
      before(:context) { connect_mapped("mapped-#{entity}#{"-alone" if settings.any?}", entity: entity, **settings) }
      after(:context) { disconnect_both_ways }
      after { krayin.heal }

      let(:who) { spoken_with }

      def mapped(contact) = contact.reload.custom_attributes.slice(*TwoWay::MAPPED.keys)

      def option(name, code = "tier")
        known = hook.reload.settings["traits"]["attributes"].find { |row| row["code"] == code }
        known["options"].find { |_, option| option == name }.first
      end

      def topics(*names) = names.map { |name| option(name, "topics") }

      it "has a definition of each, of Chatwoot's type for it" do
        definitions = CustomAttributeDefinition.where(account_id: account.id, attribute_key: TwoWay::MAPPED.keys)
        expect(definitions.to_h { |one| [one.attribute_key, one.attribute_display_type] }).to eq(
          "plan" => "text", "words" => "text", "seats" => "number", "vip" => "checkbox", "tier" => "list",
          "topics" => "text", "renewal" => "date"
        )
        expect(definitions.find_by(attribute_key: "tier").attribute_values).to eq(["Gold", "Free Trial"])
        expect(definitions.find_by(attribute_key: "plan").attribute_display_name).to eq("Plan")
      end

      it "follows a colleague, whatever the type, and clears what a colleague clears" do
        change_mapped(who, plan: "Basic", words: "two\nlines", seats: "12.5", vip: 1, tier: option("Gold"),
                           topics: topics("Free Trial", "Gold"), renewal: "2031-05-05")
        look
        expect(mapped(who)).to eq("plan" => "Basic", "words" => "two\nlines", "seats" => 12.5, "vip" => true,
                                  "tier" => "Gold", "topics" => "Gold, Free Trial", "renewal" => "2031-05-05")
        change_mapped(who, plan: "Other", seats: 3, vip: 0, tier: option("Free Trial"), topics: topics("Free Trial"))
        look
        expect(mapped(who)).to include("plan" => "Other", "seats" => 3, "vip" => false, "tier" => "Free Trial",
                                       "topics" => "Free Trial")
        change_mapped(who, plan: nil, topics: [], renewal: nil)
        look
        krayin_has = krayins(who)
        expect(mapped(who).values_at("plan", "renewal")).to eq(krayin_has.values_at("plan", "renewal"))
        expect(mapped(who)).not_to have_key("topics")
      end

      { "plan" => { " Basic " => "Basic", 7 => "7", "a & b" => "a & b" },
        "words" => { "one\ntwo" => "one\ntwo" },
        "seats" => { "3" => 3, 2.5 => 2.5, 0 => 0 },
        "vip" => { true => true, false => false, "true" => true, "no" => false },
        "tier" => { "Gold" => "Gold", "free  trial" => "Free Trial" },
        "topics" => { "Gold" => "Gold", "free trial,Gold" => "Gold, Free Trial", ["Gold"] => "Gold" },
        "renewal" => { "2031-07-31" => "2031-07-31", "2031-01-15T00:00:00.000Z" => "2031-01-15" } }.each do |key, table|
        it "brings an agent's #{key} to Krayin as pages and programs send it" do
          other = { "vip" => 0, "tier" => option("Gold"), "topics" => topics("Free Trial"), "renewal" => "2030-01-01",
                    "seats" => 99 }.fetch(key, "other")
          table.each do |sent, value|
            change_mapped(who, key => other)
            look
            set(who, key => sent)
            run_all
            kept = case key
                   when "vip" then value ? 1 : 0
                   when "tier" then option(value)
                   when "topics" then topics(*value.split(", ")).sort.join(",")
                   else value
                   end
            expect([sent, mapped(who)[key], krayins(who)[key]]).to eq([sent, value, kept])
          end
          look
          expect(told(who)).to eq([])
        end
      end

      { { "seats" => "many" } => "an amount", { "renewal" => "soon" } => "no date",
        { "tier" => "Silver" } => "not take it", { "topics" => "Gold, Silver" } => "not take it",
        { "vip" => "perhaps" } => "not take it", { "plan" => ["a"] } => "not take it",
        { "plan" => "x" * 65_536 } => "not take it" }.each do |wish, sentence|
        it "puts #{wish.to_s[0, 40]} back and says so, without a write" do
          expect_put_back(who, wish, wish.keys.first.capitalize, sentence) { [krayins(who), mapped(who)] }
        end
      end

      it "writes no code into a page of Krayin's" do
        set(who, plan: "{{ 7 * 7 }} <b>", words: "a {{ b }}")
        run_all
        2.times { look }
        expect(krayins(who).values_at("plan", "words").join).not_to include("{{")
        expect(mapped(who).slice("plan", "words")).to eq(krayins(who).slice("plan", "words"))
        expect(told(who)).to eq([])
      end

      it "leaves to a colleague what a colleague has changed meanwhile, and puts back what Krayin refuses" do
        change_mapped(who, plan: "Basic", seats: 1)
        look
        set(who, plan: "Agent's")
        change_mapped(who, plan: "Colleague's")
        run_all
        expect([krayins(who)["plan"], mapped(who)["plan"]]).to eq(["Colleague's", "Colleague's"])
        path = entity == "person" ? "/contacts/persons/*" : "/leads/attributes/edit/*"
        krayin.faults({ method: "PUT", path: path, action: "status", status: 422, times: 1 })
        set(who, seats: 2)
        run_all
        expect([krayins(who)["seats"], mapped(who)["seats"]]).to eq([1, 1])
        expect(told(who)).to contain_exactly(a_string_including("Plan", "changed in Krayin", "Colleague's"),
                                             a_string_including("Seats", "did not take it"))
      end

      TwoWay::MAPPED.each_key do |key|
        forged = { "seats" => 5, "vip" => true, "tier" => "Gold", "topics" => "Gold", "renewal" => "2031-05-05" }
        it "puts #{key} back where no agent has written it" do
          theirs = { "seats" => 4, "vip" => 0, "tier" => option("Free Trial"), "topics" => topics("Free Trial"),
                     "renewal" => "2030-01-01" }
          change_mapped(who, key => theirs.fetch(key, "Krayin's"))
          look
          value = forged.fetch(key, "forged")
          before = [krayins(who), mapped(who)]
          other = contact(custom_attributes: { key => value })
          set(who, by: nil, key => value)
          set(who, by: AgentBot.create!(name: "Bot", account_id: account.id), key => value)
          as_agent do
            ContactMergeAction.new(account: account, base_contact: who.reload, mergee_contact: other).perform
          end
          KrayinSync::Chatwoot::LeadChange.distrusted { set(who, key => value) }
          who.reload.update_columns(custom_attributes: who.custom_attributes.merge(key => value),
                                    updated_at: Time.current)
          run_all
          look
          expect([krayins(who), mapped(who), told(who)]).to eq([*before, []])
        end
      end

      it "lets nobody but an agent fill what is blank, and takes nothing away that was there before" do
        early = account.contacts.create!(name: "Early", email: "early#{rand(1_000_000)}@two.example",
                                         custom_attributes: { "words" => "from before", "other" => "mine" })
        conversation(early, inbox(account, "WebWidget"))
        run_all
        look
        set(early, by: nil, plan: "forged")
        set(early, by: nil, other: "changed")
        run_all
        look
        kept = { "words" => "from before", "other" => "changed" }
        expect(early.reload.custom_attributes.slice("plan", *kept.keys)).to eq(kept)
        expect(krayins(early).values_at("plan", "words")).to eq([nil, nil])
      end

      it "gives a new record what the contact has, but nothing that a visitor can have written" do
        mine = spoken_with(custom_attributes: { "plan" => "Early", "vip" => true })
        expect([krayins(mine).slice("plan", "vip"), mapped(mine).slice("plan", "vip")])
          .to eq([{ "plan" => "Early", "vip" => 1 }, { "plan" => "Early", "vip" => true }])
        visitor = account.contacts.create!(name: "Vera", email: "vera#{rand(1_000_000)}@two.example",
                                           custom_attributes: { "plan" => "Forged" })
        conversation(visitor, inbox(account, "WebWidget"))
        run_all
        look
        expect([krayins(visitor)["plan"], mapped(visitor)["plan"]]).to eq([nil, "Forged"])
        set(visitor, plan: "An agent's")
        run_all
        expect([krayins(visitor)["plan"], mapped(visitor)["plan"]]).to eq(["An agent's", "An agent's"])
      end

      it "gives Krayin what an agent has written before it was shown, and nothing that a visitor has" do
        early = contact
        conversation(early, inbox(account, "Email"))
        run_all
        set(early, plan: "Early")
        run_all
        expect([krayins(early)["plan"], mapped(early)["plan"]]).to eq(%w[Early Early])
        2.times { look }
        set(early, plan: "Later")
        run_all
        expect([krayins(early)["plan"], mapped(early)["plan"], told(early)]).to eq(["Later", "Later", []])
        visitor = contact
        conversation(visitor, inbox(account, "WebWidget"))
        run_all
        set(visitor, by: nil, plan: "forged")
        run_all
        look
        expect(krayins(visitor)["plan"]).to be_nil
      end

      it "reads those of whom nobody has read anything before those of whom something may have changed" do
        seen = Array.new(3) { spoken_with }
        late = contact
        change_mapped(late, plan: "Late")
        looks = KrayinSync::Chatwoot::LeadLook
        %w[PERSONS READS].each { |name| stub_const("#{looks}::#{name}", 1) }
        KrayinSync::Chatwoot::ShownLead.where(contact_id: seen.map(&:id)).update_all(read_at: 1.day.ago)
        allow_any_instance_of(KrayinSync::Chatwoot::LeadReader).to receive(:newest).and_return([[], nil])
        2.times { look }
        expect(mapped(late)["plan"]).to eq("Late")
      end

      it "knows an option that somebody has just made, and asks once for one that is gone" do
        change_mapped(who, tier: option("Free Trial"))
        look
        free = option("Free Trial")
        traits = hook.settings["traits"]
        before = traits["attributes"].map do |row|
          row["code"] == "tier" ? { **row, "options" => row["options"].select { |id, _| id == free } } : row
        end
        gold = option("Gold")
        hook.update_columns(settings: hook.settings.merge("traits" => { **traits, "attributes" => before }))
        tiers = CustomAttributeDefinition.where(account_id: account.id, attribute_key: "tier")
        tiers.update_all(attribute_values: ["Mine"])
        change_mapped(who, tier: gold)
        2.times { look }
        expect(mapped(who)["tier"]).to eq("Gold")
        expect(tiers.first.attribute_values).to eq(["Mine", "Gold", "Free Trial"])
        change_mapped(who, tier: 999)
        2.times { look }
        krayin.forget_requests
        2.times { look }
        expect(mapped(who)["tier"]).to be_nil
        expect(krayin.requests.map { |one| one["path"] }).to all(end_with("/leads").or(end_with("/persons")))
      ensure
        tiers&.update_all(attribute_values: ["Gold", "Free Trial"])
      end

      it "costs three requests, and nothing on its way back" do
        who
        krayin.forget_requests
        set(who, plan: "Counted")
        run_all
        expect(krayin.requests.size).to eq(3)
        set(who, plan: "Counted ")
        run_all
        expect(krayin.requests.size).to eq(3)
        krayin.forget_requests
        written = who.reload.updated_at
        2.times { look }
        expect(krayin.requests.map { |one| one["method"] }).to all(eq("GET"))
        expect([who.reload.updated_at, Sidekiq::Queue.all.sum(&:size)]).to eq([written, 0])
      end

      it "sees a change that moved no time and stands in no answer of those touched last" do
        who
        allow_any_instance_of(KrayinSync::Chatwoot::LeadReader).to receive(:newest).and_return([[], nil])
        change_mapped(who, plan: "Unseen")
        look
        expect(mapped(who)["plan"]).to eq("Unseen")
      end

      it "goes one way where nothing of a lead is shown, and takes away what came from Krayin alone" do
        change_mapped(who, plan: "Krayin's", words: "Krayin's")
        look
        set(who, words: "An agent's")
        run_all
        hook.reload.update!(settings: hook.settings.merge("two_way" => false))
        run_all
        expect(mapped(who).slice("plan", "words")).to eq("words" => "An agent's")
        set(who, by: nil, plan: "One way")
        run_all
        expect(krayins(who)["plan"]).to eq("Krayin's")
      ensure
        hook.reload.update!(settings: hook.settings.merge("two_way" => true))
        run_all
      end
    end
  end

  it "tells options apart that differ in capitals alone" do
    rows = { "code" => "size", "name" => "Size", "type" => "select", "options" => [[1, "s"], [2, "S"], [3, " XL "]] }
    field = KrayinSync::Chatwoot::MappedField.new("size", rows)
    expect(%w[S s xl XL].map { |name| [field.read(name), field.written(name).first] })
      .to eq([["S", 2], ["s", 1], ["XL", 3], ["XL", 3]])
  end

  it "reads choices of several as names with commas between them, and none where one is unknown" do
    rows = { "code" => "topics", "name" => "Topics", "type" => "multiselect", "options" => [[7, "A"], [8, "B c"]] }
    field = KrayinSync::Chatwoot::MappedField.new("topics", rows)
    expect([nil, "", "8,7", [7], "7,9"].map { |ids| [field.shown("topics" => ids), field.known?("topics" => ids)] })
      .to eq([[nil, true], [nil, true], ["A, B c", true], ["A", true], ["A", false]])
    expect(["b  C, a", %w[A A], "A,", "", "A, D", ["A", 5], 7, nil].map { |sent| field.written(sent).first })
      .to eq([[7, 8], [7], [7], nil, nil, nil, nil, nil])
  end
end

RSpec.describe "A mapping both ways that cannot be", :chatwoot do
  include TwoWay

  def sentence(key) = a_string_including("field_mapping has #{key} both ways, which goes one way alone")

  %w[2.1.0 2.2.3-official].product(%w[lead person]).each do |server, entity|
    context "with #{server}, whose answers do not show a #{entity}'s" do
      before(:context) do
        connect_both_ways("hidden-#{server}-#{entity}", server: server) do
          add_attribute("plan", "text", entity: "#{entity}s")
        end
      end
      after(:context) { disconnect_both_ways }

      it "is refused while it is saved, and told by a look where there was no lead yet" do
        rows = "#{entity}.plan <-> plan"
        hook.update!(settings: hook.settings.merge("field_mapping" => rows))
        contact
        look
        expect(hook.reload.settings["setup_warnings"]).to sentence("#{entity}.plan")
        hook.update!(settings: hook.settings.merge("field_mapping" => nil))
        krayin.forget_requests
        saved = hook.update(settings: hook.settings.merge("field_mapping" => rows))
        expect([saved, hook.errors.full_messages]).to match([false, [sentence("#{entity}.plan")]])
        expect(krayin.requests.map { |one| one["method"] }).to all(eq("GET"))
        hook.reload
      end
    end
  end

  context "for what it is" do
    before(:context) do
      connect_both_ways("one-way", server: "2.2.3-community") do
        add_attribute("plan", "text")
        add_attribute("many", "multiselect", options: ["One", "Two, too"])
        add_attribute("at", "datetime")
        add_attribute("rank", "text", entity: "organizations")
      end
    end
    after(:context) { disconnect_both_ways }

    { "lead.plan <-> contact.name" => "lead.plan", "lead.plan <-> krayin_value" => "lead.plan",
      "lead.many <-> many" => "lead.many", "lead.at <-> at" => "lead.at",
      "organization.rank <-> rank" => "organization.rank",
      "lead.description <-> words" => "lead.description", "lead.plan <-> conversation.priority" => "lead.plan",
      "lead.plan <-> email" => "lead.plan", "lead.plan <-> my plan" => "lead.plan",
      "lead.plan <-> custom_attributes.plan!" => "lead.plan" }
      .each do |row, key|
        it "refuses #{row}" do
          saved = hook.reload.update(settings: hook.settings.merge("field_mapping" => row))
          expect([saved, hook.errors.full_messages]).to match([false, [sentence(key)]])
        ensure
          hook.reload
        end
      end
  end
end

RSpec.describe "A mapping both ways of a lead that is older than the attribute", :chatwoot do
  include TwoWay

  before(:context) { connect_both_ways("older", server: "2.2.3-community") }
  after(:context) { disconnect_both_ways }

  it "leaves a contact what is neither yes nor no in Krayin, until somebody says" do
    old = contact(custom_attributes: { "vip" => true })
    2.times { look }
    add_attribute("vip", "boolean")
    hook.update!(settings: hook.settings.merge("field_mapping" => "lead.vip <-> vip"))
    run_all
    2.times { look }
    sides = lambda do
      client = KrayinSync::Api::LeadClient.new(krayin.url, krayin.tokens.first)
      [client.get_lead(lead_of(old)["id"])["vip"], old.reload.custom_attributes["vip"]]
    end
    expect(sides.call).to eq([nil, true])
    set(old, vip: false)
    run_all
    expect(sides.call).to eq([0, false])
  end
end
