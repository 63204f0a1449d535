# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # How many contacts that were never brought over Krayin has all the same: of a few thousand persons each is looked
    # for among them; of more, about, some from the first to the last. What the database alone would tell is that each
    # of them is new.
    class BackfillSample
      # Persons that one request reads, and how many requests read all.
      ALL = 1000
      PAGES = 6
      # Places from which persons are read where there are more, and how many from each.
      PLACES = 24
      EACH = 40

      # @param hook [Integrations::Hook]
      # @param contacts [ActiveRecord::Relation<Contact>] that were never brought over
      def initialize(hook, contacts)
        @hook = hook
        @contacts = contacts
      end

      # @return [Integer] 0 where Krayin does not say
      def count
        first = page(1, ALL)
        total = first.dig("meta", "total").to_i
        return whole(first, total) if total <= PAGES * ALL

        read = places(total).flat_map { |place| page(place, EACH)["data"] }
        read.empty? ? 0 : (among(read) * total.fdiv(read.size)).round
      rescue KrayinSync::Error => e
        KrayinSync.logger&.warn("krayin_sync: whom Krayin has is not known before a backfill: #{e.class}")
        0
      end

      def inspect = "#<#{self.class.name}>"

      private

      def whole(first, total)
        others = (2..total.fdiv(ALL).ceil).lazy.map { |number| page(number, ALL) }
        [first].lazy.chain(others).sum { |read| among(read["data"]) }
      end

      # Evenly from the first to the last: those of one import have ids that follow one another.
      def places(total)
        last = total / EACH
        (0...PLACES).map { |place| 1 + (((place + 0.5) * last) / PLACES).floor }.uniq
      end

      def page(number, size)
        params = { sort: "id", order: "asc", limit: size.to_s, page: number.to_s }.to_a
        Session.new(@hook.settings).call(:request, "GET", "contacts/persons", JSON.generate(params), nil)
      end

      def among(persons)
        emails = values(persons, "emails").map { |value| value.strip.downcase }
        numbers = values(persons, "contact_numbers").map { |value| value.gsub(/[^+\d]/, "") }
        @contacts.where("contacts.email IN (?) OR contacts.phone_number IN (?)", emails.presence || [nil],
                        numbers.presence || [nil]).count
      end

      def values(persons, key)
        persons.flat_map { |one| Array(one[key]).map { |entry| entry.is_a?(Hash) ? entry["value"].to_s : "" } }
               .compact_blank
      end
    end
  end
end
