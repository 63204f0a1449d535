# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What Krayin shows of whom a lane's contacts may be, read together: two requests for a hundred persons and their
    # leads, where each of them would take a search and a look. Whose contact needs it is put aside until the others of
    # its lane are done, or need it as well.
    #
    # It counts for some seconds, and until somebody of ours has written of the person: a colleague's edit is as safe as
    # it would be between a read and the write that follows it.
    class BackfillGlance
      include Opaque

      # The contact's person is to be read with others first; nothing was asked for it.
      class Unread < Instrumentation::PutOff; end

      # Seconds for which what was read counts.
      FRESH = 30
      # Persons that are read together.
      PAGE = 100
      # How often a contact is put aside: what is over before its turn has come is asked for alone.
      TURNS = 3
      # Seconds for which it is known how often it was.
      REMEMBERED = 600
      # What other processes' clocks may be behind, in seconds.
      AMISS = 2

      KEEP = <<~LUA
        redis.call('HSET', KEYS[1], unpack(ARGV, 2))
        redis.call('EXPIRE', KEYS[1], ARGV[1])
      LUA
      private_constant :KEEP

      # What is asked on the way of one contact.
      Of = Struct.new(:glance, :contact, :puts_aside) do
        # @param what [String] persons_with, person or leads_of
        # @param keys [Array<String>]
        # @return [String, nil] a list as JSON; nil where Krayin is to be asked
        # @raise [Unread]
        def shown(what, keys) = glance.shown(self, what, keys)

        # By who has kept something of the contact, and has asked Krayin nothing.
        # @return [void]
        def unsent = glance.unsent(contact)
      end

      # @param lane [BackfillLane]
      # @param hook [Integrations::Hook]
      # @param index [BackfillIndex]
      # @yield before each request
      def initialize(lane, hook, index, &requested)
        @lane = lane
        @hook = hook
        @index = index
        @requested = requested
        @wanted = {}
        @used = []
        @unsent = {}
      end

      # @param puts_aside [Boolean] whether it may be put aside
      def of(contact, puts_aside: true)
        @used.delete(contact)
        Of.new(self, contact, puts_aside && !documented?)
      end

      # Whether it waits to be read.
      def wanted?(contact) = @wanted.key?(contact)

      # Whether that is a page.
      def full? = @wanted.values.flatten.uniq.size >= PAGE

      # Reads all that is wanted, in the place of what was read before.
      # @raise [Error]
      def read
        RedisStore.call("DEL", key)
        @wanted.values.flatten.uniq.each_slice(PAGE) { |ids| keep(ids, Time.now.utc.to_f, ask(ids)) }
        @wanted.clear
      end

      # @param asking [Of]
      # @return [String, nil]
      def shown(asking, what, keys)
        case what
        when "persons_with" then persons_with(asking, keys)
        when "person" then persons(asking, keys)
        when "leads_of" then leads(asking, keys)
        end
      end

      # What is kept of the contact as it is now was kept while what was read of its person still held: it holds on.
      # @return [void]
      def unsent(contact)
        @unsent[contact] = link_of(contact).maximum(:updated_at) if @used.include?(contact)
      end

      private

      # The document's API lists no persons.
      def documented? = @hook.settings["api_dialect"].to_s.casecmp?("documented")

      def persons_with(asking, keys)
        ids = @index.persons_with(keys)
        return ids && "[]" if ids.to_a.empty?

        persons(asking, ids.map(&:to_s))
      end

      def persons(asking, ids)
        return unless asking.puts_aside

        found = kept(ids)
        return put_aside(asking, ids) unless found.all?

        # Of one that was not shown its own look says whether it is gone.
        shown = found.filter_map { |one| one["person"] }
        return if shown.size < ids.size || touched?(found, ids, but: (asking.contact if unsent?(asking.contact)))

        @used << asking.contact
        JSON.generate(shown)
      end

      def leads(asking, ids)
        found = asking.puts_aside ? kept(ids) : []
        leads = found.first.to_h["leads"]
        # What is kept of the contact itself says by now whose it is.
        JSON.generate(leads) unless leads.nil? || touched?(found, ids, but: asking.contact)
      end

      def put_aside(asking, ids)
        times = RedisStore.call("HINCRBY", turns, asking.contact, 1)
        RedisStore.call("EXPIRE", turns, REMEMBERED) if times == 1
        return if times > TURNS

        @wanted[asking.contact] = ids.map(&:to_i)
        raise Unread
      end

      # Whether another event has had one of these persons in hand since.
      def touched?(found, ids, but: nil)
        since = Time.at(found.map { |one| one["at"] }.min - AMISS).utc
        links = LinkStore.of(@hook, kind: "contact", person_id: ids).where("updated_at >= ?", since)
        links = links.where.not(record_id: but) if but
        links.exists?
      end

      # Whether it is this run's own word, which the budget did not let out, that was kept of the contact last.
      def unsent?(contact)
        @unsent.key?(contact) && link_of(contact).where.not(updated_at: @unsent[contact]).none?
      end

      def link_of(contact) = LinkStore.of(@hook, kind: "contact", record_id: contact)

      # @return [Array<Hash, nil>]
      def kept(ids) = RedisStore.call("HMGET", key, *ids).map { |json| json && JSON.parse(json) }

      def ask(ids)
        @requested&.call
        people = Session.new(@hook.settings, bulk: true).call(:people, ids)
        (people["requests"] - 1).times { @requested&.call }
        people["people"]
      end

      def keep(ids, time, people)
        shown = people.to_h { |one| [one["id"], one.slice("person", "leads")] }
        entries = ids.flat_map { |id| [id, JSON.generate({ at: time }.merge(shown.fetch(id, {})))] }
        RedisStore.script(KEEP, [key], [FRESH, *entries])
      end

      def key = RedisStore.key("backfill", @lane.backfill_id, @lane.number, "shown")

      def turns = RedisStore.key("backfill", @lane.backfill_id, @lane.number, "turns")
    end
  end
end
