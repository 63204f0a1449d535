# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "support/trouble"

# Who moved a lead, said with the move, on each server whose timelines were recorded.
TwoWay::SERVERS.each do |server|
  RSpec.describe "Who moved a lead, at #{server}", :chatwoot do
    include TwoWay
    include_context "with trouble both ways"

    before(:context) do
      connect_both_ways("movers-#{server}", server: server, two_way_lines: true, two_way_line_names: true,
                                            two_way_writes: "value")
    end

    def move(who, stage) = change(lead_of(who), "move_lead", stage: stage)

    # How many requests asked for a timeline since the block began.
    def asked
      krayin.forget_requests
      yield
      krayin.requests.count { |request| request["path"].end_with?("/activities") }
    end

    it "is said by the name that Krayin has, for one request a move, in the account's language" do
      who = spoken_with
      count = asked do
        move(who, "negotiation")
        3.times { look }
        change(lead_of(who), fields: { lead_value: 7 })
        look
      end
      expect([told(who), count]).to eq([["Example Admin moved the lead to Negotiation in Krayin."], 1])
      account.update!(locale: "es")
      move(who, "prospect")
      look
      expect(told(who).last).to eq("Example Admin movió el lead a Prospect en Krayin.")
    ensure
      account.update!(locale: "en")
    end

    it "is said where an agent's other wish is brought over first" do
      who = spoken_with
      set(who, krayin_value: 12)
      move(who, "prospect")
      run_all
      2.times { look }
      expect(told(who)).to eq(["Example Admin moved the lead to Prospect in Krayin."])
    end

    it "is asked for where somebody would be told, and no more than a few times a look" do
      alone = contact
      ruled = spoken_with
      2.times { look }
      count = asked do
        move(alone, "prospect")
        KrayinSync::Chatwoot::StageRuled.note(hook.id, ruled.id)
        move(ruled, "prospect")
        set(ruled, krayin_stage: "Won")
        run_all
        2.times { look }
      end
      expect(count).to eq(0)
      many = Array.new(7) { spoken_with }
      look
      looks.where(hook_id: hook.id).update_all(looked_at: 1.hour.ago)
      count = asked do
        many.each { |who| move(who, "negotiation") }
        look
      end
      expect(count).to eq(KrayinSync::Chatwoot::Movers::MOST)
      # However slow the machine is.
      looks.where(hook_id: hook.id).update_all(looked_at: 1.hour.from_now)
      soon = asked do
        many.each { |who| move(who, "prospect") }
        look
      end
      expect(soon).to eq(1)
      lines = many.flat_map { |who| told(who) }
      expect(lines.tally).to eq("Example Admin moved the lead to Negotiation in Krayin." => 4,
                                "A colleague moved the lead to Negotiation in Krayin." => 3,
                                "Example Admin moved the lead to Prospect in Krayin." => 1,
                                "A colleague moved the lead to Prospect in Krayin." => 6)
    end

    it "is a colleague where Krayin does not answer that, and nothing else waits for it" do
      [{ action: "status", status: 500 }, { action: "status", status: 404 }, { action: "html" }, { action: "broken" },
       { action: "close_halfway" }, { action: "status", status: 200, body: "[]" },
       { action: "status", status: 200, body: '{"data": [{"id": 9, "type": "system", "additional": "x"}]}' }]
        .each do |fault|
        who = spoken_with
        krayin.faults({ method: "GET", path: "/leads/*/activities", times: 9, **fault })
        move(who, "prospect")
        2.times { look }
        krayin.heal
        expect([fault, told(who)]).to eq([fault, ["A colleague moved the lead to Prospect in Krayin."]])
        expect(shown(who)["krayin_stage"]).to eq("Prospect")
      end
    end

    it "is said once where the process dies once it was asked for" do
      who = spoken_with
      move(who, "negotiation")
      expect_death(:LeadReader, :timeline, after: true) { look }
      3.times { look }
      expect(told(who)).to eq(["Example Admin moved the lead to Negotiation in Krayin."])
    end

    it "is not asked for unless the settings want it" do
      hook.update_columns(settings: hook.settings.except("two_way_line_names"))
      who = spoken_with
      count = asked do
        move(who, "negotiation")
        look
      end
      expect([told(who), count]).to eq([["A colleague moved the lead to Negotiation in Krayin."], 0])
    ensure
      hook.update_columns(settings: hook.settings.merge("two_way_line_names" => true))
    end

    it "is nothing but text, whatever people are called" do
      names = { "<img src=//evil.example/x> Eve" => "‹img src=//evil.example/x> Eve",
                "Eve\n</script><b" => "Eve ‹/script>‹b", "%s %<now>s" => "%s %‹now>s", "a < b & <3" => "a < b & <3",
                "#{"n" * 300}!" => "#{"n" * 200}…", "  " => "A colleague" }
      names.each do |name, said|
        who = spoken_with
        noted = { id: 9, type: "system", user: { name: name },
                  additional: { attribute: "Stage", new: { value: 3, label: "Prospect" } } }
        krayin.faults({ method: "GET", path: "/leads/*/activities", action: "status", status: 200,
                        body: JSON.generate(data: [noted]) })
        move(who, "prospect")
        look
        expect(told(who)).to eq(["#{said} moved the lead to Prospect in Krayin."])
      end
    end
  end
end

RSpec.describe "What a lead's timeline tells of a move", :chatwoot do
  before(:context) { SmallChatwoot.start }

  stage = { "id" => 3, "name" => "Prospect" }

  def noted(id, label, user, value: 3, attribute: "Etapa", type: "system", old: nil)
    { "id" => id, "type" => type, "user" => user && { "name" => user },
      "additional" => { "attribute" => attribute, "new" => { "value" => value, "label" => label }, "old" => old } }
  end

  define_method(:mover) { |*activities| KrayinSync::Chatwoot::LeadTimeline.mover(activities, stage) }

  it "is who made the last change of the stage, where that led to where the lead is" do
    before = noted(4, "Prospect", "Ann")
    expect(mover(before)).to eq("Ann")
    expect(mover(before, noted(7, "Prospect", "Bob"), noted(5, "New", "Eve", value: 1))).to eq("Bob")
    expect(mover(before, noted(9, "$5.00", "Eve", value: 5, attribute: "Lead Value"))).to eq("Ann")
    expect(mover(before, noted(9, "New", "Eve", value: 1))).to be_nil
    expect(mover(before, noted(9, "Prospect", "Eve", type: "note"))).to eq("Ann")
  end

  it "is nobody where it does not say so" do
    odd = [noted(4, "Prospect", nil), noted(4, "Prospect", " "), noted(4, "Prospekt", "Ann"),
           noted(4, "Prospect", "Ann", value: 33), { "id" => 4, "type" => "system", "additional" => nil },
           { "id" => 4, "type" => "system", "additional" => { "attribute" => "Stage", "new" => "Prospect" } },
           noted(4, "Prospect", "Ann").merge("user" => "Ann")]
    expect(odd.map { |one| mover(one) }.uniq).to eq([nil])
    expect(mover).to be_nil
  end
end
