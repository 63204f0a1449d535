# frozen_string_literal: true

require_relative "years"
require_relative "../../chatwoot/support/two_way"

# What an account's people do on a day: customers write and get other names, agents move leads in Chatwoot, colleagues
# move others and write into persons in Krayin. What has come of it is noted.
module BusyDay
  include TwoWay

  CUSTOMERS = 24
  # In Krayin and in Chatwoot.
  STAGES = { "follow-up" => [2, "Follow Up"], "prospect" => [3, "Prospect"],
             "negotiation" => [4, "Negotiation"] }.freeze

  attr_reader :random

  def customers
    @customers ||= Array.new(CUSTOMERS) do |n|
      account.contacts.create!(name: "Customer #{n}", email: "customer-#{n}-#{hook.id}@all.example")
    end
  end

  def talks
    @talks ||= begin
      desk = inbox(account)
      customers.to_h { |who| [who.id, conversation(who, desk)] }
    end
  end

  # Names by contact, texts, stages by contact and job titles by person, as they were last given.
  def names = @names ||= {}
  def said = @said ||= []
  def stages = @stages ||= {}
  def titles = @titles ||= {}

  # @param number [Integer] of the event: no two write the same words
  def something(number)
    case random.rand(10)
    when 0..3 then rename(pick(customers), number)
    when 4..6 then say(talks[pick(customers).id], number)
    # Of half of them agents move the leads, of the others colleagues do.
    when 7 then agent_moves(pick(customers.first(CUSTOMERS / 2)))
    when 8 then colleague_moves(pick(customers.drop(CUSTOMERS / 2)))
    else colleague_writes(pick(customers), number)
    end
  end

  def link_of(who) = KrayinSync::Records::Link.find_by(kind: "contact", record_id: who)

  private

  def pick(list) = list.sample(random: random)

  def rename(who, number)
    names[who.id] = "Customer #{number} of #{hook.id}"
    who.reload.update!(name: names[who.id])
  end

  def say(talk, number)
    said << "Word #{number} of #{hook.id}."
    message(talk, said.last)
  end

  def agent_moves(who)
    return unless shown(who)["krayin_stage"]

    stages[who.id] = pick(STAGES.keys)
    set(who, krayin_stage: STAGES[stages[who.id]].last)
  end

  def colleague_moves(who)
    return unless (lead = link_of(who.id)&.lead_id)

    stages[who.id] = pick(STAGES.keys)
    krayin.change({ change: "move_lead", lead: lead, stage: stages[who.id] })
  end

  def colleague_writes(who, number)
    return unless (person = link_of(who.id)&.person_id)

    titles[person] = "Edited #{number}"
    krayin.change({ change: "edit_person", person: person, fields: { job_title: titles[person] } })
  end
end
