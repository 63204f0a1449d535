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
      # Of whom we have named one to Krayin.
      COMPANY = "sent ->> 'organization'"
      # What is doubted of a link where its person's organization may be gone: all else of it holds.
      ORGANIZATION = "organization"

      Link = KrayinSync::Records::Link
      private_constant :Link

      Kept = Struct.new(:id, :contact, :person, :lead, :organization, :revision, :unverified, :doubted, :reason,
                        :company, :email, :phone, :identity) do
        def proofs
          all = [email, phone, identity].compact.flat_map { |kept| kept.split(/[|,]/) }
          all.select { |one| one.size == DIGEST }
        end

        def decided? = reason != "changed_hands"
      end
      private_constant :Kept

      # @return [Hash{String => Integer}] how many links were held, and how many are gone, organizations_gone,
      #   leads_gone, own_leads_gone, changed_hands, organizations_moved and leads_moved
      attr_reader :told
      # @return [Hash{String => Array}] of each: contact and person, of leads contact and lead, of leads of their own
      #   conversation and lead, of organizations contact and organization; of leads that were moved the person as
      #   well, of organizations the person's by now, which is nil where it has none
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
      # @param organizations [Hash{Integer => Integer, nil}] and the organization of each
      # @param range [Range] ids that the page has all of
      # @return [self]
      def hold_persons(rows, organizations, range)
        each_batch("person_id", range) do |links|
          @told["links"] += links.size
          found = links.group_by { |link| judge(link, rows[link.person]) }
          doubt(found["gone"].to_a, "person", "gone", &:person)
          doubt_hands(found["changed_hands"].to_a)
          # What was doubted is as it was.
          enqueue(found[nil].to_a.select { |link| link.doubted == "person" })
          follow_organizations(found[nil].to_a.reject(&:unverified), organizations)
        end
      end

      # Those whom a colleague has taken out of theirs stay so.
      # @param ids [Array<Integer>] organizations of a page
      # @param range [Range]
      # @return [self]
      def hold_organizations(ids, range)
        there = ids.to_set
        each_batch("organization_id", range) do |links|
          stay, gone = links.reject(&:unverified).partition { |link| there.include?(link.organization) }
          doubt(gone, ORGANIZATION, "organizations_gone", &:organization)
          without = stay.select { |link| link.doubted == ORGANIZATION }
          tell("organizations_moved", without.map { |link| [link.contact, link.organization, nil] })
          lead_to(without.to_h { |link| [link, nil] })
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
        tell("own_leads_gone", OwnLeads.new(hook, @asked_at).gone(rows.keys, range))
        self
      end

      private

      attr_reader :hook

      def doubt_hands(links)
        stay, new = links.partition { |link| !link.decided? }
        doubt(new, "person", "changed_hands", &:person)
        tell("changed_hands", stay.map { |link| [link.contact, link.person] })
      end

      # Whether an organization that a person has no more is gone, the page of organizations tells.
      # @param now [Hash{Integer => Integer, nil}] by persons
      def follow_organizations(links, now)
        without, with = links.partition { |link| now[link.person].nil? }
        mark(of_hook(without.select { |link| link.organization && !link.doubted }), ORGANIZATION)
        follow_choices(with.to_h { |link| [link, now[link.person]] })
      end

      # A colleague's choice is the person's organization from now on.
      # @param theirs [Hash{Kept => Integer}]
      def follow_choices(theirs)
        others = theirs.reject { |link, now| link.organization == now }
        moved = others.select { |link, _| link.organization }
        tell("organizations_moved", moved.map { |link, now| [link.contact, link.organization, now] })
        lead_to(others.select { |link, _| link.organization || link.company })
        lead_to(theirs.except(*others.keys).select { |link, _| link.doubted })
      end

      # What a link has as its person's organization from now on; one that was written since stays as it is.
      # @param organizations [Hash{Kept => Integer, nil}]
      def lead_to(organizations)
        organizations.each_slice(BATCH) do |some|
          rows = some.map { |link, id| "(#{link.id}, #{link.revision}, #{id || "NULL"}::bigint)" }.join(", ")
          Link.connection.update(<<~SQL.squish)
            UPDATE krayin_sync_links AS link SET organization_id = now.organization, rest = link.rest - 'doubted',
              revision = link.revision + 1, updated_at = #{Link.connection.quote(Time.now.utc)}
            FROM (VALUES #{rows}) AS now (id, revision, organization)
            WHERE link.id = now.id AND link.revision = now.revision
          SQL
        end
      end

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
        columns = %w[krayin_sync_links.id record_id person_id lead_id organization_id revision unverified]
        expressions = ["rest ->> 'doubted'", "reason_code", COMPANY, *PROOFS].map { |sql| ::Arel.sql(sql) }
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

      def mark(links, what)
        links.each_slice(BATCH) do |some|
          LinkStore.doubt(some.map { |link| [link.id, link.revision] }, what, unverified: what != ORGANIZATION)
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
