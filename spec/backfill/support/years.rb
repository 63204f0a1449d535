# frozen_string_literal: true

require_relative "../../chatwoot/support/small_chatwoot"

# What a company has when it connects Krayin: half of its contacts are there already, most others are new, some are
# there under another spelling or a second address, some have changed since, and a few are nobody's. Contacts are
# written as an import does it, without events.
class Years
  include SmallChatwoot::Steps

  # Of each kind its part of all contacts, and the requests that one may take beside those that write a record: it is
  # read with a hundred others where Krayin may have it.
  KINDS = { known: [0.4, 0], there: [0.1, 0.02], new: [0.4, 0.02], by_number: [0.04, 0.02],
            by_second_address: [0.04, 0.02], changed: [0.016, 0.02], doubtful: [0.002, 0.02],
            unusable: [0.002, 0.02] }.freeze
  # Records that are written of one.
  WRITTEN = { new: 1, changed: 1 }.freeze
  # Requests that read whom Krayin has: a thousand persons each, and what has been written meanwhile.
  READ = 0.002
  # Requests that a small number of contacts takes more, since its hands are not full.
  FEW = 12

  attr_reader :hook, :ids, :sizes

  # @param account [Account]
  # @param hook [Integrations::Hook]
  # @param krayin [Krayin]
  def initialize(account, hook, krayin, contacts)
    @account = account
    @hook = hook
    @krayin = krayin
    @made = 0
    @sizes = KINDS.transform_values { |part, _| [(contacts * part).round, 2].max }
    @ids = {}
  end

  # Those whom Krayin has, but for their oddities.
  # @return [Array<Integer>]
  def begin_with_known
    odd = %i[by_number by_second_address]
    (%i[known there changed] + odd).flat_map { |kind| @ids[kind] = insert(kind) }
  end

  # Brings contacts over as a backfill has done once, but by the processor alone and a store in memory: a large number
  # is there in minutes.
  # @return [void]
  def bring(ids)
    ids.each_slice(1000) do |slice|
      kept = Kept.new
      Contact.where(id: slice).find_each { |contact| bring_one(contact, kept) }
      KrayinSync::Records::Link.insert_all(kept.to_h.map { |key, json| row(key, JSON.parse(json)) })
    end
  end

  # Krayin has nobody of them.
  class Kept < KrayinSync::Records::Memory
    def instance = nil
    def shown(what, _keys) = ("[]" if what == "persons_with")
    def contacts_of(*) = []
  end

  # All the others, and what has become of those since.
  def go_on
    forget_links
    change
    grow_odd
    @ids[:new] = insert(:new) { |n| { additional_attributes: { company_name: "Company #{n}" } } }
    @ids[:doubtful] = insert(:doubtful) do |n|
      @krayin.add_person(name: "Ann Lee", emails: entry("desk-#{n}@history.example"), contact_numbers: entry(number(n)))
      { email: nil }
    end
    @ids[:unusable] = insert(:unusable) { |n| { email: "nobody #{n}", phone_number: nil } }
  end

  # @return [Integer] requests that all of it may take
  def allowed
    read = sizes.sum { |kind, size| size * KINDS[kind].last }
    (written + read + (total * READ)).ceil + FEW
  end

  # @return [Integer] records that are to be written
  def written = WRITTEN.sum { |kind, each| sizes[kind] * each }

  def total = sizes.values.sum

  # As an import writes them.
  # @return [Array<Integer>]
  def insert(kind, count = sizes.fetch(kind))
    long_ago = 3.years.ago
    rows = Array.new(count) do |n|
      n += @made
      { name: "#{kind} #{n}", email: "#{kind}-#{n}@history.example", phone_number: number(n),
        account_id: @account.id, created_at: long_ago, updated_at: long_ago, additional_attributes: {} }
        .merge(block_given? ? yield(n) : {})
    end
    @made += count
    rows.each_slice(1000).flat_map { |slice| Contact.insert_all(slice).rows.flatten }
  end

  def number(index) = format("+4930%07d", 1_000_000 + index)

  private

  def bring_one(contact, kept)
    data = { contact: contact.attributes }
    KrayinSync::ProcessorService.new(inbox: nil, hook: @hook, records: kept, event_name: "contact.updated",
                                     event_data: data, bulk: true).perform
  end

  def row(key, stored)
    long_ago = 1.day.ago
    KrayinSync::Records::Link.columns_of(stored)
                             .merge("kind" => "contact", "record_id" => key.split(":").last.to_i, "revision" => 1,
                                    "seen_at" => long_ago, "created_at" => long_ago, "updated_at" => long_ago)
  end

  def entry(value) = [{ value: value, label: "work" }]

  def links(*kinds) = KrayinSync::Records::Link.where(kind: "contact", record_id: @ids.values_at(*kinds).flatten)

  def forget_links
    @persons = links(:by_second_address).pluck(:record_id, :person_id)
    links(:there, :by_number, :by_second_address).delete_all
    # Of what has happened long ago no process has any part in hand.
    links(*@ids.keys).update_all(updated_at: 1.day.ago)
  end

  def change
    changed = Contact.where(id: @ids[:changed])
    changed.update_all("phone_number = '+49331' || right(phone_number, 7), updated_at = now()")
  end

  # By a number alone, and by an address that is another one's second.
  def grow_odd
    Contact.where(id: @ids[:by_number]).update_all(email: nil)
    emails = Contact.where(id: @ids[:by_second_address]).pluck(:id, :email).to_h
    @persons.each_slice(100) do |slice|
      changes = slice.map do |contact, person|
        email = emails.fetch(contact)
        { change: "edit_person", person: person,
          fields: { emails: entry("first-#{email}") + entry(email.capitalize) } }
      end
      @krayin.change(*changes)
    end
  end
end
