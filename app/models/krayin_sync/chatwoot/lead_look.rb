# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A connection's looks for what colleagues changed in Krayin: one request where nothing was, twice a minute while
    # something is, every quarter of an hour where nothing is. How far it has come is a row, so that no process and no
    # restart loses anything; a look that was broken off is done again, and finds done what was.
    class LeadLook < ::ActiveRecord::Base
      include LookTimes

      self.table_name = "krayin_sync_looks"

      # Persons whose leads are read by one request, and leads that one request counts.
      PERSONS = 100
      COUNTED = 300
      # Times that a look reads leads by their persons.
      READS = 2
      # Seconds after which all links are gone through once more.
      LINKED = 3600

      class << self
        # @param settings [Hash{String => Object}] a hook's
        def on?(settings)
          Settings.on?(settings, "two_way") && settings.to_h.key?("traits") &&
            settings["api_dialect"] != "documented" && table_exists?
        end

        # @param hook [Integrations::Hook]
        # @return [LeadLook] of its Krayin; what was seen of another is nothing to it
        def of(hook)
          instance = HookSettings.instance(hook).to_s
          look = create_or_find_by!(hook_id: hook.id) { |row| row.assign_attributes(instance: instance, next_at: now) }
          return look if look.instance == instance

          ShownLead.forget(hook.id)
          look.update!(instance: instance, cursor: {}, check_from: nil, pause: 0, next_at: now)
          look
        end

        # Something has been heard of the hook's Krayin: the next look comes soon. Whoever says so is not believed:
        # where such looks find nothing, they come less and less often.
        # @return [void]
        def hint(hook_id)
          look = find_by(hook_id: hook_id)
          return unless look

          wait = (LookTimes::SOONEST / 3 * (2**look.vain_hints.clamp(0, 10))).clamp(0, LookTimes::LONGEST)
          soon = [now, look.looked_at && (look.looked_at + wait)].compact.max
          where(id: look.id).where("next_at > ?", soon).update_all(next_at: soon, hinted: true)
        end

        # The hooks whose look is due. Every process asks at every beat.
        # @return [Array<Integrations::Hook>]
        def due
          return [] unless table_exists?

          hooks = HookSettings.all.joins("LEFT JOIN krayin_sync_looks looks ON looks.hook_id = integrations_hooks.id")
                              .where("looks.next_at IS NULL OR looks.next_at <= ?", now)
                              .where("COALESCE(settings ->> 'two_way', '') NOT IN ('', 'false')")
          hooks.select { |hook| on?(hook.settings.to_h) && HookSettings.wanted?(hook) }
        end

        # @param ids [Array<Integer>] of persons
        # @param by [Symbol] the column that has them, where they are not
        # @return [Hash{Integer => Array<Integer>}] the contacts of the hook's account that are linked to each
        def contacts_of(hook, ids, by: :person_id)
          return {} if ids.empty?

          links = KrayinSync::Records::Link.where(instance: HookSettings.instance(hook), kind: "contact", by => ids)
          links = links.where("EXISTS (SELECT 1 FROM contacts WHERE contacts.id = record_id AND " \
                              "contacts.account_id = ?)", hook.account_id)
          links.pluck(by, :record_id).group_by(&:first).transform_values { |pairs| pairs.map(&:last) }
        end

        def now = Time.now.utc
      end

      # @param hook [Integrations::Hook]
      # @yield after each attempt
      # @return [Integer] how many contacts were written
      def look(hook, &)
        begin_with(hook, &)
        ShownLead.unread(hook.id) if anew?
        found = read_newest
        unread = read_persons
        count_leads(found.gone)
        changed = look_at_contacts
        # One that was told to nobody, as its process died.
        ShownLead.wanting(hook.id).each { |id| RecordRef.new(hook.id, "lead_move", id).enqueue }
        # Chatwoot itself may have been written meanwhile by whom nobody heard: what is shown is Krayin's.
        @written += ShownLead.mend(hook, since: looked_at || @began)
        wait_for_next(busy: changed || found.changed.any? || unread || @written.positive? || !check_from.nil?)
        @written
      end

      private

      def begin_with(hook, &)
        @settings = hook.settings.to_h
        @hook = hook
        @krayin = LeadReader.new(@settings, &)
        @people = PersonReader.new(@settings, &)
        @written = 0
        @began = self.class.now
      end

      attr_reader :hook, :settings, :krayin

      def read_newest
        leads, seen = krayin.touched(cursor) { |lead| LeadAttributes.digest(lead, mapped) }
        tell_one_way(leads.first) if leads.any?
        # A part of them at each look.
        ShownLead.unread(hook.id) if seen.all
        later = show_changed(leads, seen)
        persons = @hidden ? cursor["persons"] : mapped_persons.look(cursor["persons"])
        kept = { "attributes" => attributes, "names" => names, "persons" => persons,
                 **cursor.slice("linked_at", "contacts", "tags") }
        update!(cursor: LeadCursor.without(seen.state, later).merge(kept.compact))
        seen
      end

      # Before there was a lead nobody knew.
      def tell_one_way(lead)
        @hidden = mapped.find { |field| field.hidden?(lead) }
        SetupWarnings.add(hook, @hidden.one_way) if @hidden
      end

      # Whether all are to be read again: something else is shown of them, or it is called otherwise.
      def anew? = cursor["attributes"] != attributes || KrayinNames.changed?(cursor["names"].to_h, names)

      def attributes = LeadAttributes.wanted(settings).map(&:name) + mapped.map { |field| [field.path, field.key] }

      def names = @names ||= KrayinNames.of(settings, mapped.map(&:path))

      def mapped = @mapped ||= MappedField.of(settings)

      def movers = @movers ||= Movers.new(hook, krayin, since: looked_at)

      def mapped_persons = @mapped_persons ||= MappedPersons.new(hook, @people)

      def unlearned = @unlearned ||= Unlearned.new(hook, mapped)

      # @return [Array<Integer>] leads that could not be shown yet
      def show_changed(leads, seen)
        changed = seen.changed.map(&:first)
        # The oldest change first: what was touched last is shown in the end.
        leads = leads.select { |lead| changed.include?(lead["id"]) }.reverse
        contacts = contacts_of(leads.filter_map { |lead| LeadAttributes.person_id(lead) }.uniq)
        later = leads.reject do |lead|
          contacts.fetch(LeadAttributes.person_id(lead), []).map { |id| changed?(id, lead) }.all?
        end
        later.map { |lead| lead["id"] }
      end

      # @return [Boolean] whether that contact is done with
      def changed?(contact_id, lead)
        person = LeadAttributes.person_id(lead)
        return later(person) if unlearned.waits?([lead])

        case ShownLead.touched(hook, contact_id, person, lead, began: @began, by: movers.of(contact_id, lead))
        when :written then @written += 1
        when :later
          ShownLead.unread(hook.id, contact_id: contact_id)
          return false
        end
        true
      end

      def later(person)
        ShownLead.unread(hook.id, person_id: person)
        false
      end

      # @return [Boolean] whether there is more
      def read_persons
        READS.times do
          return true if unlearned.asked?

          persons = unread_persons
          gone_through if persons.empty? && linked?
          return false if persons.empty? && (persons = read_again).empty?

          show_of(persons)
        end
        !@again
      end

      def unread_persons = ShownLead.unread_persons(hook, instance, limit: PERSONS, linked: linked?)

      # A lead's time of change need not move with an attribute that somebody added. Once a look, where nobody waits to
      # be read at all.
      def read_again
        return [] if @again || @hidden || mapped.empty?

        @again = true
        ShownLead.unread_oldest(hook.id, before: @began, limit: PERSONS, leads: mapped_persons.none?)
        unread_persons
      end

      def show_of(persons)
        leads, whole = krayin.of_persons(persons)
        # One with very many leads is looked at alone.
        persons = persons.first(1) unless whole
        leads, = krayin.of_persons(persons) unless whole
        show_persons(persons, leads.group_by { |lead| LeadAttributes.person_id(lead) })
      end

      # Whether the links are to be gone through: those that nobody has told of are few.
      def linked? = cursor["linked_at"].to_i < @began.to_i - LINKED

      def gone_through = update!(cursor: cursor.merge("linked_at" => @began.to_i))

      def show_persons(persons, leads)
        contacts = contacts_of(persons)
        ShownLead.forget_unlinked(hook.id, persons, contacts.values.flatten)
        alone = mapped_persons.without_lead(persons - leads.keys)
        persons.each do |person|
          of_person = leads.fetch(person, [])
          next later(person) if unlearned.waits?([*of_person, alone[person]].compact)

          contacts.fetch(person, []).each { |id| show(id, person, of_person, alone[person]) }
        end
      end

      def show(contact_id, person, leads, alone)
        lead = LeadAttributes.choose([*leads, left_out(contact_id, person, leads)].compact, settings)
        by = movers.of(contact_id, lead)
        written = ShownLead.show(hook, contact_id, person, lead || alone, began: @began, by: by) == :written
        @written += 1 if written
      end

      # What an answer leaves out need not be gone.
      def left_out(contact_id, person, leads)
        shown = ShownLead.lead_of(hook.id, contact_id)
        return if shown.nil? || leads.any? { |lead| lead["id"] == shown }

        still = krayin.lead(shown)
        still if still && LeadAttributes.person_id(still) == person
      end

      # Which of those that are shown were deleted is told by no list of what there is: they are counted.
      def count_leads(gone)
        self.check_from = 0 if gone.positive?
        return unless check_from

        leads = ShownLead.leads(hook.id, above: check_from, limit: COUNTED)
        ShownLead.unread(hook.id, lead_id: leads) if leads.any? && krayin.count(leads) < leads.size
        update!(check_from: (leads.last if leads.size == COUNTED))
      end

      def contacts_of(persons) = self.class.contacts_of(hook, persons)

      # What becomes of their persons and of tags, for contacts that follow them.
      # @return [Boolean] whether there was anything
      def look_at_contacts
        [["contacts", ContactLook], ["tags", TagLook]].map { |name, look| look_at(name, look) }.any?
      end

      def look_at(name, look)
        unless look.on?(settings)
          update!(cursor: cursor.except(name)) if cursor.key?(name)
          return false
        end

        seen = look.new(hook, @people, cursor[name], began: @began).look
        update!(cursor: cursor.merge(name => seen.state))
        @written += seen.written
        seen.busy?
      end
    end
  end
end
