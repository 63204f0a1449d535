# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Keeps ids in krayin_sync_links, for one event: what was read with the event's records is not read again.
    #
    # What people see of them on Chatwoot's own records is a copy, written with the link where an id has changed, and
    # never read: the activity's id on a conversation (`additional_attributes.krayin_activity_id`), and the ids in
    # `contact_inboxes.source_id`, in those rows of a programmed channel that hold ids already. Everywhere else that
    # column is the address at which a channel reaches the contact.
    class LinkStore < KrayinSync::Records::ActiveRecord
      COPY = {
        "contact" => <<~SQL.squish,
          copied AS (
            UPDATE contact_inboxes AS shown SET source_id = %<ids>s FROM inboxes
            WHERE shown.contact_id = %<record>s AND shown.source_id LIKE 'krayin:%%' AND shown.source_id <> %<ids>s
              AND inboxes.id = shown.inbox_id AND inboxes.channel_type = 'Channel::Api'
              AND NOT EXISTS (
                SELECT 1 FROM contact_inboxes taken WHERE taken.inbox_id = shown.inbox_id AND taken.source_id = %<ids>s
              )
          ),
        SQL
        "conversation" => <<~SQL.squish
          copied AS (
            UPDATE conversations SET additional_attributes =
              CASE WHEN jsonb_typeof(additional_attributes) = 'object' THEN additional_attributes ELSE '{}'::jsonb END
              || jsonb_build_object('krayin_activity_id', %<activity_id>s)
            WHERE id = %<record>s
          ),
        SQL
      }.freeze

      # What the text of a link has where a try before has failed.
      TRIED = '"tried": '
      # Likewise of one that an administrator keeps out.
      KEPT_OUT = '"kept_out": '
      # Likewise of one whose person is known.
      PERSON = "krayin:person:"
      private_constant :TRIED, :KEPT_OUT, :PERSON

      # SQL for what is kept of a row of Chatwoot's, to be read with it: a column of its own.
      # @param kind [String] contact, conversation or message
      def self.kept(kind) = "(#{KrayinSync::Records::Link.kept("'#{kind}'", "#{kind}s.id")}) AS krayin_links"

      # Likewise, with the row's own columns.
      def self.with(kind) = "#{kind}s.*, #{kept(kind)}"

      # @param hook [Integrations::Hook]
      # @return [ActiveRecord::Relation<KrayinSync::Records::Link>] those of its Krayin; where that is not known, of all
      def self.of(hook, **where)
        known = KrayinSync::Records::Link.where(where)
        instance = HookSettings.instance(hook)
        instance ? known.where(instance: instance) : known
      end

      # Something of these is to be looked at by the record's next event. One that was written since stays as it is.
      # @param links [Array<Array(Integer, Integer)>] id and revision of each
      # @param what [String] person, lead or organization
      # @param unverified [Boolean] whether its ids are not to be used until then; else they are as before
      # @return [void]
      def self.doubt(links, what, unverified:)
        return if links.empty?

        pairs = links.map { |id, revision| "(#{id}, #{revision})" }.join(", ")
        changes = { doubted: what }.to_json
        sql = "unverified = unverified OR ?, rest = rest || ?::jsonb, revision = revision + 1, updated_at = ?"
        KrayinSync::Records::Link.where("(id, revision) IN (#{pairs})")
                                 .update_all([sql, unverified, changes, Time.now.utc])
      end

      # What its Krayin has of contacts that were deleted in Chatwoot is to stay, whatever is decided later.
      # @param contacts [Array<Integer>]
      # @return [void]
      def self.keep_contacts(hook, contacts)
        kept = of(hook, kind: "contact", record_id: contacts, merged: nil).where.not(person_id: nil)
        kept.update_all(state: "skipped", reason_code: "contact_kept", reason_params: {}, updated_at: Time.now.utc)
      end

      # Whether its Krayin has a record.
      def self.known?(kind, id, hook) = of(hook, kind: kind, record_id: id).exists?

      # @param began [Time] when the record was read: what changes later is not yet in Krayin
      # @param instance [String, nil] which Krayin's are asked for; of any where nil
      # @param glance [BackfillGlance::Of, nil] who knows what Krayin has shown of others and of it
      # @yield before anything is written
      def initialize(began: Time.now, instance: nil, glance: nil, &before)
        super(began: began)
        @instance = instance
        @glance = glance
        @before = before
        @unread = []
        @kept = {}
        @parsed = {}
        @stored = []
        @new = []
      end

      # @return [String, nil]
      attr_reader :instance

      # Takes what was read {with} a record.
      # @return [void]
      def take(kind, record)
        @unread << [kind, record.id]
        keep(kind, record.id, record[:krayin_links])
      end

      # Whether there was a link of the record when it was read.
      def known?(kind, id) = ours(kind, id).any?

      # Whether Krayin has a contact's person, as it was read or kept last.
      def person?(id)
        return false unless @kept[["contact", id]]&.include?(PERSON)

        ours("contact", id).any? { |one| one["ids"].to_s.include?(PERSON) }
      end

      # Whether its link says so by now.
      # @param code [String] a reason's
      def said?(kind, id, code) = ours(kind, id).any? { |one| [one["tried"], one.dig("reason", "code")].include?(code) }

      # @return [String, nil] JSON
      def load(kind, id) = @unread.delete([kind, id]) ? @kept[[kind, id]] : keep(kind, id, super)

      # @see BackfillGlance::Of#shown
      def shown(what, keys) = @glance&.shown(what, keys)

      # @return [void]
      def store(kind, id, json)
        @before&.call
        @new << [kind, id] unless @kept[[kind, id]]
        super
        keep(kind, id, json)
        @stored << [kind, id]
        nil
      end

      # Of an event that has sent nothing: what it noted before it would have says that there may be something of it in
      # Krayin, which would have to be looked for. What was read together for it is as good as it was.
      # @return [void]
      def take_back
        @new.each do |kind, id|
          KrayinSync::Records::Link.where(kind: kind, record_id: id, instance: @instance, revision: 1, person_id: nil)
                                   .delete_all
        end
        @glance&.unsent
      end

      # Whether a try before this event failed.
      def tried?(kind, id)
        return false unless @kept[[kind, id]]&.include?(TRIED)

        ours(kind, id).any? { |one| one["tried"] }
      end

      # Whether an administrator keeps it out of Krayin.
      def kept_out?(kind, id)
        return false unless @kept[[kind, id]]&.include?(KEPT_OUT)

        ours(kind, id).any? { |one| one["kept_out"] }
      end

      # Whether this event has kept something of it.
      def stored?(kind, id) = @stored.include?([kind, id])

      # Krayin shows the record as it was when it was read. A store has said so already.
      def seen(kind, id)
        return if stored?(kind, id)

        known = KrayinSync::Records::Link.where(kind: kind, record_id: id, **{ instance: @instance }.compact)
        return known.update_all(seen_at: @began.getutc) unless tried?(kind, id)

        known.update_all(["seen_at = ?, attempts = 0, reason_code = NULL, reason_params = '{}', " \
                          "state = CASE WHEN in_flight THEN 'waiting' ELSE 'synced' END", @began.getutc])
      end

      # Why a record is not in Krayin as it is now.
      # @param entry [RecordRef]
      # @param hook [Integrations::Hook] nothing is kept where it does not know yet which Krayin is its own
      # @param state [String] waiting, skipped, refused or doubtful
      # @param reason [Reason]
      def self.note(entry, hook, state:, reason:)
        instance = HookSettings.instance(hook)
        return unless instance

        now = Time.now.utc
        said = { state: state, reason_code: reason.code, reason_params: reason.params }
        # It has had a try: what changes from now on is tried again.
        key = { instance: instance, kind: entry.kind, record_id: entry.id }
        row = said.merge(key, attempts: 1, seen_at: now, created_at: now, updated_at: now)
        known = KrayinSync::Records::Link.where(key)
        values = said.merge(now: now, reason_params: JSON.generate(said[:reason_params]))
        changed = known.update_all(["state = :state, reason_code = :reason_code, reason_params = :reason_params, " \
                                    "attempts = attempts + 1, seen_at = :now, updated_at = :now", values])
        KrayinSync::Records::Link.insert_all([row], unique_by: %i[instance kind record_id]) if changed.zero?
      end

      private

      # What most events have no need to look into.
      def keep(kind, id, json)
        @parsed.delete([kind, id])
        @kept[[kind, id]] = json
      end

      def parsed(kind, id) = @parsed[[kind, id]] ||= JSON.parse(@kept[[kind, id]] || "{}")

      def ours(kind, id)
        first = parsed(kind, id)
        [first, *first["others"]].select { |one| one["server"] && ours?(one) }
      end

      # Of one that is known by its address alone nobody knows whose it is until it was looked at.
      def ours?(one) = @instance.nil? || one["server"] == @instance || !one["server"].start_with?(RECOGNISED)

      def upsert(kind, id, stored)
        super
      rescue ::ActiveRecord::RecordNotUnique
        # Another contact of that inbox was given the same ids a moment ago: the copy is theirs.
        keep(kind, id, JSON.generate(stored))
        super
      end

      def beside(kind, id, ids)
        return "" if ids.to_s.empty? || parsed(kind, id)["ids"] == ids
        return "" if kind == "conversation" && ExternalId.extract(ids, "activity").nil?

        COPY.fetch(kind, "")
      end
    end
  end
end
