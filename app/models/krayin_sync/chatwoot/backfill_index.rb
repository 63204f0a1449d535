# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What Krayin's persons are found by, read before a {Backfill} begins, a thousand a request, and followed while it
    # runs: of a contact with nothing of it, nobody need be looked for. It saves questions and answers none: who may be
    # there is read anew ({BackfillGlance}), and a create that Krayin refuses since somebody has the address is one that
    # was looked for.
    class BackfillIndex
      include Opaque

      # New contacts for which Krayin is read.
      WORTH = 100
      # Requests that reading it may take, of those that it saves.
      PART = 0.5
      # Persons of a page.
      PAGE = 1000
      # Those of the first page of what was written last: mostly it is all of that, and read sooner than a thousand.
      NEWEST = 100
      # Seconds after which it is looked at what was written since.
      FOLLOW = 120
      # Persons with one key of whom Krayin is better asked.
      MANY = 10
      # Pages of a thousand of that after which it is better read anew.
      MOST = 50

      # A key of a run's.
      class Key < ::ActiveRecord::Base
        self.table_name = "krayin_sync_backfill_keys"
      end
      private_constant :Key

      # @return [String] the state that a run begins with
      def self.first_state(hook, estimate)
        worth?(hook, estimate[:new]) ? "reading" : "none"
      end

      # Whether Krayin is read for so many new contacts.
      def self.worth?(hook, new) = new >= WORTH && !hook.settings["api_dialect"].to_s.casecmp?("documented")

      # Whether it takes few requests beside those that it saves.
      # @param persons [Integer] that Krayin has
      def self.worth_reading?(persons, new) = persons / PAGE < new * PART

      # @param run [Backfill]
      def self.forget(run) = Key.where(backfill_id: run.id).delete_all

      # @param run [Backfill]
      # @param hook [Integrations::Hook]
      # @yield before each request
      def initialize(run, hook, &requested)
        @run = run
        @hook = hook
        @requested = requested
      end

      # @return [Boolean] whether there is more to be read before contacts are
      def reading? = @run.index_state == "reading"

      # Reads a page.
      # @raise [Error]
      def read_on
        return begin_reading if @run.index_page.zero?

        page = ask(@run.index_page, PAGE)
        keep(page)
        return turn(index_state: "ready") if page["persons"] < PAGE

        turn(index_page: @run.index_page + 1)
      end

      # Once in a while, what was written since it was read.
      # @raise [Error]
      def follow
        return unless @run.index_state == "ready" && mine_to_follow?

        first = page = ask(1, NEWEST, newest: true)
        keep(page)
        whole = whole?(page, NEWEST) || (1..MOST).any? do |number|
          keep(page = ask(number, PAGE, newest: true))
          whole?(page, PAGE)
        end
        whole ? turn(index_until: first["first_updated_at"].to_s) : turn(index_state: "reading", index_page: 0)
      end

      # @param keys [Array<String>]
      # @return [Array<Integer>, nil] the persons who may have one of them; nil where nobody knows
      def persons_with(keys)
        return unless @run.index_state == "ready"

        of = Key.where(backfill_id: @run.id, key: keys.map { |key| number(key) })
        ids = of.distinct.limit(MANY).pluck(:person_id)
        ids if ids.size < MANY
      end

      private

      # Up to when all is known is known before it is read.
      def begin_reading
        page = ask(1, NEWEST, newest: true)
        total = page["total"] || page["persons"]
        worth = self.class.worth_reading?(total, @run.estimate["new"].to_i)
        turn(index_page: 1, index_until: page["first_updated_at"].to_s, index_looked_at: Time.now.utc,
             index_state: worth ? "reading" : "none")
      end

      # One of a run's jobs, and not each.
      def mine_to_follow?
        due = Backfill.where(id: @run.id).where("index_looked_at < ?", FOLLOW.seconds.ago)
        due.update_all(index_looked_at: Time.now.utc).positive?
      end

      # Whether nothing was written since that it does not show.
      def whole?(page, limit) = page["persons"] < limit || page["last_updated_at"].to_s < @run.index_until.to_s

      def ask(page, limit, newest: false)
        @requested&.call
        Session.new(@hook.settings, bulk: true).call(:person_page, page, limit, newest)
      end

      def keep(page)
        rows = page["keys"].uniq.map { |key, person| { backfill_id: @run.id, key: number(key), person_id: person } }
        Key.insert_all(rows) unless rows.empty?
      end

      def turn(**columns) = @run.update_columns(columns)

      def number(key) = [key].pack("H*").unpack1("q>")
    end
  end
end
