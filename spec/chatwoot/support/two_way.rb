# frozen_string_literal: true

# An account whose leads go both ways.
module TwoWay
  # Those whose answers tell what was changed.
  SERVERS = %w[2.1.0 2.2.3-official 2.2.3-community].freeze
  FAULTS = [
    { action: "close_before_acting" }, { action: "close_after_acting" }, { action: "close_halfway" },
    { action: "status", status: 503 }, { action: "html" }, { action: "broken" }
  ].freeze

  attr_reader :krayin, :account, :hook

  # Of those that somebody adds to Krayin's leads, or to its persons: the type of each by its code.
  MAPPED = { "plan" => "text", "words" => "textarea", "seats" => "price", "vip" => "boolean", "tier" => "select",
             "topics" => "multiselect", "renewal" => "date" }.freeze
  CHOICES = %w[select multiselect].freeze

  # An account whose mapping has each of them both ways. Of the recorded servers one tells them.
  # @param entity [String] lead or person
  def connect_mapped(name, entity: "lead", **settings)
    @entity = entity
    rows = MAPPED.keys.map { |code| "#{entity}.#{code} <-> #{"custom_attributes." if code == "tier"}#{code}" }
    connect_both_ways(name, server: "2.2.3-community", field_mapping: rows.join(", "), **settings) do
      MAPPED.each { |code, type| add_attribute(code, type, entity: "#{entity}s") }
    end
  end

  # As a colleague does it, of whichever has the attributes.
  def change_mapped(contact, **fields)
    return change(lead_of(contact), fields: fields) unless @entity == "person"

    krayin.change({ change: "edit_person", person: link(contact).person_id, fields: fields })
  end

  # What Krayin has of them.
  def krayins(contact)
    record = @entity == "person" ? krayins_person(contact) : krayins_lead(contact)
    record.slice(*MAPPED.keys)
  end

  def krayins_person(contact)
    KrayinSync::Api::PersonClient.new(krayin.url, krayin.tokens.first).get_person(link(contact).person_id)
  end

  def krayins_lead(contact)
    KrayinSync::Api::LeadClient.new(krayin.url, krayin.tokens.first).get_lead(lead_of(contact)["id"])
  end

  def add_attribute(code, type, entity: "leads", options: ["Gold", "Free Trial"])
    options = options.each.with_index(1).to_h do |name, number|
      ["option_#{number}", { name: name, sort_order: number }]
    end
    options = { option_type: "options", options: options }
    krayin.change({ change: "add_attribute",
                    fields: { code: code, name: code.capitalize, type: type, entity_type: entity, is_required: 0,
                              is_unique: 0, quick_add: 0, **(CHOICES.include?(type) ? options : {}) } })
  end

  def connect_both_ways(name, server: ENV.fetch("SERVER", "2.1.0"), **settings)
    SmallChatwoot.start
    clear
    @krayin = Krayin.new(SmallChatwoot.servers, "two-way-#{name}", throttle: false, server: server)
    yield if block_given?
    @account, @hook = connect(@krayin, two_way: true, sync_conversations: true, **settings)
    run_all
    @hook.reload
  end

  def disconnect_both_ways
    hook.destroy!
    KrayinSync::Chatwoot::ShownLead.clear(hook.id)
    clear
    krayin.stop
  end

  def looks = KrayinSync::Chatwoot::LeadLook

  def contact(word = "w#{rand(10_000_000)}", **fields)
    account.contacts.create!(name: word.capitalize, email: "#{word}@two.example", **fields).tap { run_all }
  end

  # One who has a conversation, and shows what Krayin has.
  def spoken_with(...)
    contact(...).tap do |who|
      conversation(who, inbox(account))
      run_all
      look
    end
  end

  # What cannot be read or is refused comes back, with a line that says so.
  # @yieldreturn [Array] what Krayin has of the contact, and what that one shows
  def expect_put_back(who, wish, *words)
    before = yield
    krayin.forget_requests
    set(who, **wish)
    run_all
    expect(krayin.requests.map { |one| one["method"] }).to all(eq("GET"))
    look
    expect(yield).to eq(before)
    expect(told(who)).to contain_exactly(a_string_including(*words))
  end

  def link(contact) = KrayinSync::Records::Link.find_by!(kind: "contact", record_id: contact.id)

  def lead_of(contact) = krayin.records["leads"].reverse.find { |lead| lead["person_id"] == link(contact).person_id }

  # As a colleague does it.
  def change(lead, change = nil, **fields)
    krayin.change({ change: change || "edit_lead", lead: lead["id"], **fields })
  end

  def look
    enqueue_look
    run_all
  end

  def enqueue_look
    looks.where(hook_id: hook.id).update_all(next_at: Time.now.utc)
    KrayinSync::Chatwoot::LookJob.enqueue_due
  end

  # What an agent writes into a contact's attributes; nil is nobody.
  def set(contact, by: agent, **attributes)
    as_agent(by) do
      contact.reload.update!(custom_attributes: contact.custom_attributes.merge(attributes.transform_keys(&:to_s)))
    end
  end

  def as_agent(who = agent)
    Current.account = who && account
    Current.user = who
    yield
  ensure
    Current.reset
  end

  def agent = @agent ||= User.create!(name: "Ada", email: "ada#{rand(10_000_000)}@two.example")

  # The lines of the contact's conversations.
  def told(contact)
    Message.where(conversation_id: contact.conversations.select(:id), message_type: :activity).map(&:content)
  end

  def shown(contact) = contact.reload.custom_attributes.slice(*KrayinSync::Chatwoot::LeadAttributes::KEYS)

  # How many leads have something that an agent wants of them and that is not done.
  def open_wishes = KrayinSync::Chatwoot::ShownLead.where(hook_id: hook.id).where("wanted <> '{}'").count

  # A process that is killed within the block, before or after it does this: of what it and Redis had nothing is left.
  def expect_death(name, method, after:, &killed)
    dies = allow_any_instance_of(KrayinSync::Chatwoot.const_get(name)).to receive(method)
    dies.and_wrap_original do |original, *given, **named, &block|
      original.call(*given, **named, &block) if after
      raise SignalException, "KILL"
    end
    expect(&killed).to raise_error(SignalException)
    RSpec::Mocks.space.reset_all
    clear
    Sidekiq.redis { |redis| redis.call("FLUSHDB") }
  end

  # As Sidekiq does, which tries it again.
  def try
    run_all
  rescue KrayinSync::Error
    nil
  end

  # Once nothing fails any more, and nobody stays away.
  def recover
    krayin.heal
    3.times do
      Sidekiq.redis { |redis| redis.call("KEYS", "krayin_sync:breaker:*").each { |key| redis.call("DEL", key) } }
      run_all
      look
    end
  end
end
