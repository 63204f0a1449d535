# frozen_string_literal: true

require_relative "../../chatwoot/support/two_way"

# Colleagues who change leads, persons and companies in Krayin, by a clock that is turned on: a beat of Sidekiq's at a
# time, in which Krayin's clock goes on as well.
class Hour
  include SmallChatwoot::Steps
  include TwoWay

  # Seconds between two beats, and between two of an hour in which nothing happens.
  BEAT = 10
  IDLE = 60
  STAGES = { "new" => "New", "follow-up" => "Follow Up", "prospect" => "Prospect",
             "negotiation" => "Negotiation" }.freeze
  KINDS = %i[stage value name phone company].freeze

  # How far the clock is turned on.
  module Turned
    @by = 0

    class << self
      attr_accessor :by
    end

    def now(...) = super + Turned.by
  end

  # @return [Array<Float>] seconds after which each change was seen; of one that another came after, the other's count
  attr_reader :delays

  # @param kinds [Array<Symbol>] what is changed, one after the other
  # @param spoken [Boolean] whether each contact has a conversation
  def initialize(contacts, kinds: KINDS, spoken: false, **settings)
    @kinds = kinds
    Time.singleton_class.prepend(Turned) unless Time.singleton_class.include?(Turned)
    connect_both_ways("hour#{rand(1_000_000)}", two_way_contact: "follow", sync_to_organization: true, **settings)
    @contacts = Array.new(contacts) do |number|
      account.contacts.create!(name: "Hour #{number}", email: "h#{rand(1_000_000_000)}@two.example",
                               additional_attributes: { "company_name" => "Company #{number} #{hook.id}" })
    end
    @contacts.each { |who| conversation(who, inbox(account)) } if spoken
    run_all
    @delays = []
    @awaited = {}
    pass(900)
    begin_work
  end

  def stop
    Turned.by = 0
    disconnect_both_ways
  end

  # @param seconds [Integer]
  # @param changes [Integer] how many colleagues make within them
  # @return [Integer] requests
  def pass(seconds, changes: 0)
    krayin.forget_requests
    beat_for = changes.positive? || @awaited.any? ? BEAT : IDLE
    beats = seconds / beat_for
    beats.times do |beat|
      ((changes * (beat + 1) / beats) - (changes * beat / beats)).times { change_something }
      turn(beat_for)
      beat!
      see if @awaited.any?
    end
    krayin.requests.size
  end

  # @return [Integer] changes that nobody has seen yet
  def unseen = @awaited.size

  private

  # Colleagues come to work, and a workflow calls.
  def begin_work
    change_something
    looks.hint(hook.id)
    pass(20)
    @delays.clear
  end

  # By the turned clock alone: how long the machine takes is nothing to it.
  def now = Turned.by.to_f

  def turn(seconds)
    Turned.by += seconds
    krayin.pass(seconds)
    Sidekiq.redis { |redis| redis.call("KEYS", "krayin_sync:look:*").each { |key| redis.call("DEL", key) } }
  end

  def beat!
    KrayinSync::Chatwoot::LookJob.enqueue_due
    run_all
  end

  # One after the other, of each kind as many.
  def change_something
    @number = @number.to_i + 1
    who = @contacts[@number * 7 % @contacts.size]
    field = @kinds[@number % @kinds.size]
    @awaited[[who.id, field]] = [public_send(:"change_#{field}", who, @number), now]
  end

  public

  def change_stage(who, number)
    code, name = STAGES.to_a[number / 5 % 4]
    change(lead(who), "move_lead", stage: code)
    ["krayin_stage", name]
  end

  def change_value(who, number)
    change(lead(who), fields: { lead_value: number })
    ["krayin_value", number]
  end

  def change_name(who, number)
    edit(who, name: "Name #{number}")
    [:name, "Name #{number}"]
  end

  def change_phone(who, number)
    digits = format("+1415555%04d", number % 10_000)
    edit(who, contact_numbers: [{ value: digits, label: "work" }])
    [:phone_number, digits]
  end

  def change_company(who, number)
    krayin.change({ change: "edit_organization", organization: known(who)[:company],
                    fields: { name: "Company #{number} of #{hook.id}" } })
    ["company_name", "Company #{number} of #{hook.id}"]
  end

  private

  def edit(who, **fields) = krayin.change({ change: "edit_person", person: known(who)[:person], fields: fields })

  def lead(who) = { "id" => known(who)[:lead] }

  # What Krayin has of each, read once.
  def known(who)
    @known ||= begin
      records = krayin.records
      leads = records["leads"].to_h { |lead| [lead["person_id"], lead["id"]] }
      companies = records["persons"].to_h { |person| [person["id"], person["organization_id"]] }
      KrayinSync::Records::Link.where(kind: "contact", record_id: @contacts.map(&:id)).to_h do |link|
        [link.record_id, { person: link.person_id, lead: leads[link.person_id], company: companies[link.person_id] }]
      end
    end
    @known.fetch(who.id)
  end

  def see
    rows = Contact.where(id: @awaited.keys.map(&:first)).index_by(&:id)
    @awaited.delete_if do |(id, _), ((name, value), at)|
      shown = shown_of(rows[id], name)
      @delays << (now - at) if shown == value
      shown == value
    end
  end

  def shown_of(contact, name)
    return contact[name] if name.is_a?(Symbol)

    name == "company_name" ? contact.additional_attributes[name] : contact.custom_attributes[name]
  end
end
