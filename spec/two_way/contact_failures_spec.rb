# frozen_string_literal: true

require_relative "../chatwoot/support/small_chatwoot"
require_relative "support/trouble"

# A person's changes, on each server that tells of them, whatever fails and wherever a process dies: what a colleague
# entered comes to the contact once, what an agent entered to Krayin, and both are equal at the end.
TwoWay::SERVERS.each do |server|
  RSpec.describe "A contact that follows its person with #{server}", :chatwoot do
    include TwoWay

    include_context "with trouble both ways"

    before(:context) do
      connect_both_ways("contact-failures-#{server}", server: server, two_way_contact: "follow",
                                                      sync_to_organization: true, label_tags: "person",
                                                      two_way_tags: true)
      Label.create!(title: "vip", color: "#ff8800", account_id: account.id)
      @vip = tag_client.create_tag("vip")["id"]
      KrayinSync::Chatwoot::SetupJob.enqueue(hook.id)
      run_all
      hook.reload
      @who = contact(additional_attributes: { "company_name" => "First" })
      4.times { look }
    end

    before do
      krayin.turn(throttle: false)
    end

    def tag_client = KrayinSync::Api::TagClient.new(krayin.url, krayin.tokens.first)

    def person = krayin.records["persons"].find { |one| one["id"] == link(@who).person_id }

    def company = krayin.records["organizations"].find { |one| one["id"] == person["organization_id"] }["name"]

    def by_colleague(said)
      work = ->(value) { [{ value: value, label: "work" }] }
      krayin.change({ change: "edit_person", person: person["id"],
                      fields: { name: said[:name], emails: work[said[:email]], contact_numbers: work[said[:phone]] } },
                    { change: "edit_organization", organization: person["organization_id"],
                      fields: { name: said[:company] } })
    end

    def by_agent(said)
      who = @who.reload
      who.update!(name: said[:name], email: said[:email], phone_number: said[:phone],
                  additional_attributes: who.additional_attributes.merge("company_name" => said[:company]))
    end

    def said
      @number = @number.to_i + 1
      word = "#{@number}x#{rand(100_000)}"
      { name: "Said #{word}", email: "said#{word}@two.example", phone: format("+1415%07d", rand(10_000_000)),
        company: "Said #{word}" }
    end

    def here
      who = @who.reload
      { name: who.name, email: who.email, phone: who.phone_number,
        company: who.additional_attributes["company_name"] }
    end

    def there
      now = person
      { name: now["name"], email: now["emails"].map { |one| one["value"] }.find { |one| one == here[:email] },
        phone: now["contact_numbers"].map { |one| one["value"] }.find { |one| one == here[:phone] }, company: company }
    end

    # Once nothing fails any more, and nobody stays away.
    def recover
      krayin.heal
      krayin.turn(throttle: false)
      4.times do
        Sidekiq.redis do |redis|
          %w[breaker lock pace look].each do |what|
            redis.call("KEYS", "krayin_sync:#{what}:*").each { |key| redis.call("DEL", key) }
          end
        end
        run_all
        look
      end
    end

    def try_to_look
      enqueue_look
      try
    end

    faults = [
      { action: "close_before_acting" }, { action: "close_after_acting" }, { action: "close_halfway" },
      { action: "status", status: 503 }, { action: "status", status: 429 }, { action: "html" }, { action: "broken" }
    ]
    calls = [{ method: "GET", path: "/contacts/persons" }, { method: "GET", path: "/contacts/organizations" },
             { method: "PUT", path: "/contacts/persons/*" }]
    faults.product(calls).each do |fault, call|
      it "brings both ways what was entered, after #{fault.values.join(" ")} #{call.values.join(" ")}" do
        krayin.faults({ **fault, **call, times: 2 })
        by_colleague(one = said)
        try_to_look
        recover
        expect([here, there]).to eq([one, one])
        krayin.faults({ **fault, **call, times: 2 })
        by_agent(one = said)
        3.times { try }
        recover
        expect([here, there]).to eq([one, one])
      end
    end

    it "waits where the budget is spent, and loses nothing" do
      krayin.turn(throttle: true)
      by_colleague(one = said)
      client = KrayinSync::Api::BaseClient.new(krayin.url, krayin.tokens.first)
      60.times { client.get("leads", limit: 1) }
    rescue KrayinSync::RateLimitError
      nil
    ensure
      try_to_look
      recover
      expect([here, there]).to eq([one, one])
    end

    # A process that is killed, where something has just been done and nothing is kept of it.
    deaths = [%i[PersonReader newest], %i[FollowedContact write], %i[FollowedContact save_own],
              %i[FollowedContact tell_agents], %i[ContactLook remember]]
    deaths.product([true, false]).each do |(name, method), acted|
      it "loses nothing where its process dies #{acted ? "after" : "before"} #{name}##{method}" do
        by_colleague(one = said)
        expect_death(name, method, after: acted) { look }
        recover
        expect([here, there]).to eq([one, one])
      end
    end

    it "puts a label on and takes it off by a colleague's tag, whatever fails once" do
      look
      tag_client.tag_person(person["id"], @vip)
      krayin.faults({ method: "GET", path: "/contacts/persons/search", action: "close_after_acting", times: 2 })
      try_to_look
      recover
      expect(labels).to eq(%w[vip])
      krayin.faults({ method: "GET", path: "/contacts/persons/search", action: "broken", times: 1 })
      tag_client.untag_person(person["id"], @vip)
      try_to_look
      recover
      expect(labels).to eq([])
    end

    def labels
      sql = "SELECT tags.name FROM taggings JOIN tags ON tags.id = taggings.tag_id WHERE taggable_type = 'Contact' " \
            "AND taggable_id = #{@who.id}"
      Contact.connection.select_values(sql)
    end
  end
end
