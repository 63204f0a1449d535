# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "support/trouble"

# Both ways, on each server, whatever fails and wherever a process dies.
TwoWay::SERVERS.each do |server|
  RSpec.describe "Both ways with #{server}", :chatwoot do
    include TwoWay

    include_context "with trouble both ways"

    before(:context) do
      connect_both_ways("failures-#{server}", server: server)
      @agent = User.create!(name: "Ada", email: "ada-#{server}@two.example")
      @who = contact
      3.times { look }
    end

    before do
      by_agent("New")
      run_all
    end

    def by_agent(stage)
      Current.account = account
      Current.user = @agent
      @who.reload.update!(custom_attributes: @who.custom_attributes.merge("krayin_stage" => stage))
    ensure
      Current.reset
    end

    def both = [lead_of(@who)["lead_pipeline_stage_id"], shown(@who)["krayin_stage"]]

    it "shows what a colleague has changed, moves what an agent sets, and clears what is gone" do
      change(lead_of(@who), "move_lead", stage: "negotiation")
      look
      expect(both).to eq([4, "Negotiation"])
      by_agent("Prospect")
      run_all
      expect(both).to eq([3, "Prospect"])
      gone = contact
      2.times { look }
      expect(shown(gone)["krayin_stage"]).to eq("New")
      change(lead_of(gone), "delete_lead")
      3.times { look }
      expect(shown(gone)).to eq({})
    end

    calls = [{ method: "PUT", path: "/leads/stage/*" }, { method: "GET", path: "/leads" }]
    TwoWay::FAULTS.product(calls, [1, 4]).each do |fault, call, times|
      name = "#{fault[:action]} #{call[:method]} #{times} times"
      it "brings an agent's move over and a colleague's back, after #{name}" do
        krayin.faults({ **fault, **call, times: times })
        by_agent("Won")
        3.times { try }
        recover
        expect(both).to eq([5, "Won"])
        krayin.faults({ **fault, **call, times: times })
        change(lead_of(@who), "move_lead", stage: "prospect")
        look
        recover
        expect(both).to eq([3, "Prospect"])
        expect(KrayinSync::Chatwoot::ShownLead.find_by!(contact_id: @who.id).wanted).to eq({})
      end
    end

    # A process that is killed, where something has just been done and nothing is kept of it.
    deaths = [%i[LeadReader lead], %i[LeadReader move], %i[ShownLead take], %i[ShownLead write_to]]
    deaths.product([true, false]).each do |(name, method), acted|
      it "loses nothing where its process dies #{acted ? "after" : "before"} #{name}##{method}" do
        by_agent("Won")
        expect_death(name, method, after: acted) { run_all }
        recover
        expect(both).to eq([5, "Won"])
      end
    end
  end
end
