# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What is kept of an account's contacts, held against a page of all that Krayin has.
    #
    # What a page does not have, or as somebody else's, is only doubted: records are deleted while pages are read, and
    # written. The contact's next event looks at it by itself, and does with it as the settings say.
    class Inventory
      # Links that one statement reads.
      BATCH = 1000
      # Characters of a digest with a key: those of before the key prove nothing.
      DIGEST = 24
      # By what a contact's person is proven to be it.
      PROOFS = %w[email phone identity].map { |field| "sent ->> '#{field}'" }.freeze

      Link = KrayinSync::Records::Link
      private_constant :Link

      Kept = Struct.new(:id, :contact, :person, :lead, :revision, :unverified, :doubted, :reason, :email, :phone,
                        :identity) do
        def proofs
          all = [email, phone, identity].compact.flat_map { |kept| kept.split(/[|,]/) }
          all.select { |one| one.size == DIGEST }
        end

        def decided? = reason != "changed_hands"
      end
      private_constant :Kept

      # @return [Hash{String => Integer}] how many links were held, and how many are gone, leads_gone, changed_hands and
      #   leads_moved
      attr_reader :told
      # @return [Hash{String => Array}] of each: contact and person, of leads contact and lead, of those that were moved
      #   the lead's person as well
      attr_reader :named

      # @param hook [Integrations::Hook]
      # @param asked_at [Time] before the page was asked for: what was written since is as it was not yet
      def initialize(hook, asked_at)
        @hook = hook
        @asked_at = asked_at
        @told = Hash.new(0)
        @named = Hash.new { |known, what| known[what] = [] }
      end

      # @param rows [Hash{Integer => Array<String>}] persons of a page, with what each is known by
      # @param range [Range] ids that the page has all of
      # @return [self]
      def hold_persons(rows, range)
        each_batch("person_id", range) do |links|
          @told["links"] += links.size
          found = links.group_by { |link| judge(link, rows[link.person]) }
          doubt(found["gone"].to_a, "person", "gone", &:person)
          stay, new = found["changed_hands"].to_a.partition { |link| !link.decided? }
          doubt(new, "person", "changed_hands", &:person)
          tell("changed_hands", stay.map { |link| [link.contact, link.person] })
          # What was doubted is as it was.
          enqueue(found[nil].to_a.select { |link| link.doubted == "person" })
        end
      end

      # @param rows [Hash{Integer => Integer, nil}] leads of a page, with the person of each
      # @param range [Range]
      # @return [self]
      def hold_leads(rows, range)
        each_batch("lead_id", range) do |links|
          known = links.reject(&:unverified)
          gone, there = known.partition { |link| !rows.key?(link.lead) }
          doubt(gone, "lead", "leads_gone", &:lead)
          moved = there.select { |link| link.person && rows[link.lead] && rows[link.lead] != link.person }
          tell("leads_moved", moved.map { |link| [link.contact, link.lead, rows[link.lead]] })
        end
      end

      private

      attr_reader :hook

      def judge(link, proofs)
        return "gone" unless proofs

        ours = link.proofs
        "changed_hands" if ours.any? && proofs.any? && (ours & proofs).empty?
      end

      # @return [self]
      def each_batch(column, range)
        after = 0
        while after
          links = links(column, range, after)
          yield links unless links.empty?
          after = links.size < BATCH ? nil : links.last.id
        end
        self
      end

      # Those that nobody works on now.
      def links(column, range, after)
        columns = %w[krayin_sync_links.id record_id person_id lead_id revision unverified]
        expressions = ["rest ->> 'doubted'", "reason_code", *PROOFS].map { |sql| ::Arel.sql(sql) }
        of_account = "JOIN contacts ON contacts.id = krayin_sync_links.record_id AND contacts.account_id = ?"
        Link.joins(Link.sanitize_sql_array([of_account, hook.account_id]))
            .where(instance: HookSettings.instance(hook), kind: "contact", in_flight: false, column => range)
            .where("krayin_sync_links.updated_at < ? AND krayin_sync_links.id > ?", @asked_at, after)
            .order(:id).limit(BATCH).pluck(*columns, *expressions).map { |row| Kept.new(*row) }
      end

      # What nobody has seen yet to be the record's is looked at when it is used.
      def doubt(links, what, name)
        links = links.select { |link| !link.unverified || link.doubted }
        links = of_hook(links)
        mark(links.reject(&:doubted), what)
        enqueue(links)
        tell(name, links.map { |link| [link.contact, yield(link)] })
      end

      # Whom another Krayin is for by now keeps what it has.
      def of_hook(links)
        contacts = ::Contact.unscoped.where(id: links.map(&:contact))
        here = links.empty? ? [] : Route.of(hook.settings.to_h).pluck("contact", contacts).map(&:first)
        links.select { |link| here.include?(link.contact) }
      end

      # One that was written since stays as it is.
      def mark(links, what)
        now = Time.now.utc
        links.each_slice(BATCH) do |some|
          pairs = some.map { |link| "(#{link.id}, #{link.revision})" }.join(", ")
          Link.where("(id, revision) IN (#{pairs})")
              .update_all(["unverified = true, rest = rest || ?::jsonb, revision = revision + 1, updated_at = ?",
                           JSON.generate(doubted: what), now])
        end
      end

      def enqueue(links)
        links.each { |link| RecordRef.new(hook.id, "contact", link.contact).enqueue(bulk: true) }
      end

      def tell(name, rows)
        return if rows.empty?

        @told[name] += rows.size
        @named[name].concat(rows)
      end
    end
  end
end
