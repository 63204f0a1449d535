# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "support/trouble"

# What an agent writes into a mapped attribute, whatever fails and wherever a process dies, with a colleague at work.
RSpec.describe "An agent's mapped values", :chatwoot do
  include TwoWay

  {
    "lead" => [[{ method: "PUT", path: "/leads/attributes/edit/*" }, { method: "GET", path: "/leads" }],
               [%i[LeadReader write]]],
    "person" => [[{ method: "PUT", path: "/contacts/persons/*" }, { method: "GET", path: "/contacts/persons" },
                  { method: "GET", path: "/leads" }], [%i[PersonReader person], %i[PersonReader write_person]]]
  }.each do |entity, (calls, dying)|
    context "of a #{entity}" do
      include_context "with trouble both ways"

      before(:context) do
        connect_mapped("mapped-failures-#{entity}", entity: entity)
        @who = contact
        conversation(@who, inbox(account))
        run_all
        3.times { look }
      end

      before do
        change_mapped(@who, plan: "First", words: "First")
        2.times { look }
        Message.where(conversation_id: @who.conversations.select(:id)).delete_all
      end

      after { krayin.heal }

      def both_sides = [krayins(@who)["plan"], @who.reload.custom_attributes["plan"]]

      TwoWay::FAULTS.product(calls, [1, 4]).each do |fault, call, times|
        it "come over after #{fault[:action]} #{call[:method]} #{call[:path]} #{times} times" do
          krayin.faults({ **fault, **call, times: times })
          set(@who, plan: "Agent's")
          try
          change_mapped(@who, words: "Colleague's")
          2.times { try }
          recover
          expect(both_sides).to eq(["Agent's", "Agent's"])
          expect(@who.reload.custom_attributes["words"]).to eq("Colleague's")
          expect([open_wishes, told(@who)]).to eq([0, []])
        end
      end

      deaths = [*dying, %i[LeadReader lead], %i[ShownLead take], %i[ShownLead write_to], %i[LeadLine say]]
      deaths.product(%w[before after]).each do |(name, method), moment|
        it "come over, and what fits nothing is told once, where the process dies #{moment} #{name}##{method}" do
          set(@who, plan: "Agent's")
          set(@who, seats: "many")
          expect_death(name, method, after: moment == "after") { run_all }
          change_mapped(@who, words: "Colleague's")
          recover
          expect(both_sides).to eq(["Agent's", "Agent's"])
          expect(@who.reload.custom_attributes.slice("words", "seats")).to eq("words" => "Colleague's")
          expect(open_wishes).to eq(0)
          expect(told(@who)).to contain_exactly(a_string_including("Seats", "an amount"))
        end
      end
    end
  end
end
