# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # How many contacts that were never brought over Krayin has all the same: of a few thousand persons each is looked
    # for among them; of more, about, some from the first to the last. What the database alone would tell is that each
    # of them is new.
    class BackfillSample
      include Opaque

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
        @theirs = []
      end

      # @return [Hash{String => Integer, nil}] there, of the contacts; leadless, of these whose person has no lead,
      #   where each is to have one; and persons, all that Krayin has; nothing where it does not say
      def take
        first = page(1, ALL)
        persons = first.dig("meta", "total")&.to_i
        there = persons.to_i <= PAGES * ALL ? whole(first, persons.to_i) : part(persons)
        { "there" => there, "leadless" => leadless(there), "persons" => persons }
      rescue KrayinSync::Error => e
        KrayinSync.logger&.warn("krayin_sync: whom Krayin has is not known before a backfill: #{e.class}")
        {}
      end

      private

      def whole(first, total)
        others = (2..total.fdiv(ALL).ceil).lazy.map { |number| page(number, ALL) }
        [first].lazy.chain(others).sum { |read| among(read["data"]) }
      end

      def part(total)
        read = places(total).flat_map { |place| page(place, EACH)["data"] }
        read.empty? ? 0 : (among(read) * total.fdiv(read.size)).round
      end

      # Evenly from the first to the last: those of one import have ids that follow one another.
      def places(total)
        last = total / EACH
        (0...PLACES).map { |place| 1 + (((place + 0.5) * last) / PLACES).floor }.uniq
      end

      # As many as can be read together are looked at.
      def leadless(there)
        return 0 if @theirs.empty? || !BackfillRequests.leads?(@hook.settings.to_h)

        some = @theirs.each_slice(@theirs.size.fdiv(BackfillGlance::PAGE).ceil).map(&:first)
        shown = session.call(:people, some)["people"].filter_map { |one| one["leads"] }
        shown.empty? ? 0 : (there * shown.count(&:empty?).fdiv(shown.size)).round
      end

      def page(number, size)
        params = { sort: "id", order: "asc", limit: size.to_s, page: number.to_s }.to_a
        session.call(:request, "GET", "contacts/persons", JSON.generate(params), nil)
      end

      def session = Session.new(@hook.settings)

      def among(persons)
        known = persons.to_h { |person| [person["id"], emails(person) + numbers(person)] }
        found = @contacts.where("contacts.email IN (?) OR contacts.phone_number IN (?)",
                                persons.flat_map { |person| emails(person) }.presence || [nil],
                                persons.flat_map { |person| numbers(person) }.presence || [nil])
                         .pluck("contacts.email", "contacts.phone_number")
        told = found.flatten.to_set
        @theirs.concat(known.select { |_, values| values.any? { |value| told.include?(value) } }.keys)
        found.size
      end

      def emails(person) = values(person, "emails").map { |value| value.strip.downcase }

      def numbers(person) = values(person, "contact_numbers").map { |value| value.gsub(/[^+\d]/, "") }

      def values(person, key)
        Array(person[key]).map { |entry| entry.is_a?(Hash) ? entry["value"].to_s : "" }.compact_blank
      end
    end
  end
end
