# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # The lead that a contact shows, and what it shows of it and of its person: what Krayin had when it was last looked
    # at. Of a person without a lead it shows what is the person's own.
    #
    # Whoever writes here has the contact's row first, then this one.
    class ShownLead < ::ActiveRecord::Base
      include AccountsOwn
      include AmongSeveral

      self.table_name = "krayin_sync_shown_leads"

      # Contacts without a row, or with another person's, and those that are to be read again.
      UNREAD = <<~SQL.squish
        NOT EXISTS (SELECT 1 FROM krayin_sync_shown_leads shown WHERE shown.hook_id = ? AND shown.contact_id = record_id
          AND shown.person_id = krayin_sync_links.person_id AND shown.read_at IS NOT NULL)
        AND EXISTS (SELECT 1 FROM contacts WHERE contacts.id = record_id AND contacts.account_id = ?)
      SQL
      # Contacts that are read at a time where all are gone through.
      CLEARED = 500
      private_constant :UNREAD, :CLEARED

      class << self
        # Nothing is known of what a hook's contacts show.
        def forget(hook_id) = where(hook_id: hook_id).delete_all

        # @return [Boolean] whether any contact shows a lead of the hook's
        def of_hook?(hook_id) = table_exists? && exists?(hook_id: hook_id)

        # @return [Array<Integer>] whose leads contacts show
        def hooks = table_exists? ? distinct.pluck(:hook_id) : []

        # Contacts show nothing of a Krayin's any more, and what agents want of it is forgotten.
        # @return [void]
        def clear(hook_id)
          return unless table_exists?

          LeadLook.where(hook_id: hook_id).delete_all
          where(hook_id: hook_id).in_batches(of: CLEARED) do |part|
            part.pluck(:contact_id).each { |contact_id| clear_contact(hook_id, contact_id) }
          end
        end

        # They are to be read again.
        def unread(hook_id, **which) = where(hook_id: hook_id, **which).update_all(read_at: nil)

        # Of those that were read before, those that were so longest ago are to be read again.
        # @param leads [Boolean] whether those that show a lead alone
        def unread_oldest(hook_id, before:, limit:, leads: true)
          read = where(hook_id:, read_at: ...before)
          read = read.where.not(lead_id: nil) if leads
          unread(hook_id, id: read.order(:read_at).limit(limit))
        end

        # A contact has just got its link, or another person's.
        # @return [Boolean] whether that is new
        def expect(hook, contact_id)
          person = LinkStore.of(hook, kind: "contact", record_id: contact_id).pick(:person_id)
          return false if person.nil? || exists?(hook_id: hook.id, contact_id: contact_id, person_id: person)

          upsert_all([{ hook_id: hook.id, contact_id: contact_id, person_id: person, read_at: nil,
                        created_at: Time.now.utc, updated_at: Time.now.utc }], unique_by: %i[hook_id contact_id])
          true
        end

        # @param linked [Boolean] whether all links are gone through, which takes as long as there are many; else those
        #   that are known to be unread
        # @return [Array<Integer>] persons whose contacts are to be read
        def unread_persons(hook, instance, limit:, linked:)
          unread = where(hook_id: hook.id, read_at: nil)
          return unread.order(:id).limit(limit).pluck(:person_id).uniq unless linked

          links = KrayinSync::Records::Link.where(instance: instance, kind: "contact").where.not(person_id: nil)
          links.where(UNREAD, hook.id, hook.account_id).order(:id).limit(limit).pluck(:person_id).uniq
        end

        # Nothing links them to these persons any more.
        def forget_unlinked(hook_id, persons, linked)
          where(hook_id: hook_id, person_id: persons, read_at: nil).where.not(contact_id: linked).delete_all
        end

        # @return [Array<Integer>] leads that are shown, in order
        def leads(hook_id, above:, limit:)
          shown = where(hook_id: hook_id).where("lead_id > ?", above)
          shown.distinct.order(:lead_id).limit(limit).pluck(:lead_id)
        end

        # @return [Integer, nil] the lead that a contact shows
        def lead_of(hook_id, contact_id) = where(hook_id: hook_id, contact_id: contact_id).pick(:lead_id)

        # @return [Array<ShownLead>] what a contact shows of each Krayin, of the one with a lead first
        def of_contact(contact_id) = where(contact_id: contact_id).order(:lead_id, :id).to_a

        # A colleague has touched one of the contact's leads, after all its others.
        # @param read [Hash{Symbol => Object}] began and by, as {show} takes them
        # @return [Symbol] :written, :same, or :later where it is to be looked at again
        def touched(hook, contact_id, person, lead, **read)
          shown = find_by(hook_id: hook.id, contact_id: contact_id, person_id: person)
          # Which others there are nobody has seen yet.
          expect(hook, contact_id) unless shown
          return :same if shown.nil? || shown.read_at.nil?
          return show(hook, contact_id, person, lead, **read) unless LeadAttributes.closed?(lead, hook.settings)
          return show(hook, contact_id, person, lead, **read) if shown.lead_id.nil?
          return :same if shown.lead_id != lead["id"] && !shown.closed

          # Another one may be open.
          shown.update!(read_at: nil)
          :same
        end

        # @param lead [Hash, nil] nothing where there is none; {LeadAttributes.without_lead} of a person alone
        # @param began [Time] before it was read
        # @param by [String, nil] who moved it last
        # @return [Symbol] as of {touched}
        def show(hook, contact_id, person, lead, began:, by: nil)
          transaction do
            contact = ::Contact.unscoped.lock.find_by(id: contact_id)
            next gone(hook, contact_id) unless contact

            shown = of(hook, contact_id, person)
            next shown.leave(contact) if shown.others?(lead)
            # It was settled since: what was read may be older than that.
            next :later if shown.settled_at && shown.settled_at >= began

            shown.tell_move(hook, lead, by)
            shown.take(lead, hook.settings)
            written = shown.write_to(contact)
            shown.update!(shown: LeadAttributes.of(lead, hook.settings))
            written ? :written : :same
          end
        end

        # What agents wanted was brought to Krayin, or is not to be.
        # @param lead [Hash, nil] as it is now
        # @param done [Hash{String => Hash}] what they wanted; what they want since stays
        # @param held [Array<String>] keys that wait for another one
        # @param by [String, nil] who moved it last
        # @yield in the same transaction, for what is to be said of it
        # @return [void]
        def settle(hook, contact_id, lead, done:, held: [], by: nil)
          transaction do
            contact = ::Contact.unscoped.lock.find_by(id: contact_id)
            shown = lock.find_by(hook_id: hook.id, contact_id: contact_id)
            next gone(hook, contact_id) unless contact && shown

            left = shown.left_of(done, lead ? LeadAttributes.all_of(lead, hook.settings.to_h) : {})
            left.each { |key, wish| left[key] = wish.merge("held" => true) if held.include?(key) }
            shown.tell_move(hook, lead, by) unless done.key?("krayin_stage")
            shown.take_settled(lead, hook.settings, left)
            shown.write_to(contact)
            yield if block_given?
          end
        end

        # What agents want is not brought to Krayin: the contact shows again what it showed before.
        # @param done [Hash{String => Hash}] what they wanted; what they want since stays
        # @yield as of {settle}
        # @return [void]
        def drop(hook, contact_id, done:)
          transaction do
            contact = ::Contact.unscoped.lock.find_by(id: contact_id)
            shown = lock.find_by(hook_id: hook.id, contact_id: contact_id)
            next gone(hook, contact_id) unless contact && shown

            shown.update!(wanted: shown.wanted.reject { |key, wish| done[key] == wish }, settled_at: Time.now.utc)
            shown.put_back(done.keys)
            shown.write_to(contact)
            yield if block_given?
          end
        end

        # @return [Array<Integer>] contacts of which agents want something
        def wanting(hook_id)
          rows = where(hook_id: hook_id).where("wanted <> '{}'").pluck(:contact_id, :wanted)
          rows.reject { |_, wanted| wanted.values.all? { |wish| wish["held"] } }.map(&:first)
        end

        # Puts Krayin's value back where somebody has written another one, by whichever way nobody heard of.
        # @param since [Time] from when on
        # @return [Integer] how many contacts were written
        def mend(hook, since:)
          written = ::Contact.unscoped.where(account_id: hook.account_id).where("contacts.updated_at >= ?", since - 60)
          ids = where(hook_id: hook.id, contact_id: written.select(:id)).where.not(read_at: nil).pluck(:contact_id)
          ids.count do |id|
            transaction do
              contact = ::Contact.unscoped.lock.find_by(id: id)
              shown = contact && lock.find_by(hook_id: hook.id, contact_id: id)
              shown.write_to(contact) if shown && (shown.lead_id || !shown.others?)
            end
          end
        end

        private

        def of(hook, contact_id, person)
          key = { hook_id: hook.id, contact_id: contact_id }
          shown = lock.find_by(key) || create_or_find_by!(key) { |row| row.person_id = person }
          shown.assign_attributes(person_id: person)
          shown
        end

        def clear_contact(hook_id, contact_id)
          transaction do
            contact = ::Contact.unscoped.lock.find_by(id: contact_id)
            shown = lock.find_by(hook_id: hook_id, contact_id: contact_id)
            next unless shown

            shown.clear_from(contact) if contact
            shown.delete
            # Another of the account's Krayins may have one to be shown.
            where(contact_id: contact_id).update_all(read_at: nil)
          end
        end

        def gone(hook, contact_id)
          where(hook_id: hook.id, contact_id: contact_id).delete_all
          :same
        end
      end

      # @param lead [Hash, nil]
      # @param settings [Hash{String => Object}]
      # @return [void]
      def take(lead, settings)
        values = LeadAttributes.of(lead, settings)
        begin_taking(values, lead)
        over = lead && !closed && lead_id == lead["id"] && LeadAttributes.closed?(lead, settings)
        # What is shown no more goes once.
        values = shown.transform_values { nil }.merge(values)
        remember(values)
        update!(lead_id: lead && lead["id"], closed: lead ? LeadAttributes.closed?(lead, settings) : false,
                shown: values, read_at: Time.now.utc)
        History.ended(hook_id, contact_id, lead, settings) if over
      end

      # Says, where the settings want that, that the lead stands elsewhere than it was shown.
      # @param lead [Hash, nil] as it is now
      # @param by [String, nil] who moved it last
      # @return [void]
      def tell_move(hook, lead, by = nil) = MoveLine.new(hook, self, lead).say(by)

      # @param wishes [Hash{String => Hash}] by key: value, base, by and at
      # @return [void]
      def want(wishes)
        lock!
        wishes = wishes.to_h { |key, wish| [key, wish.merge("base" => base(key, wish)).except("seen")] }
        update!(wanted: wanted.merge(wishes).transform_values { |wish| wish.except("held") })
      end

      # What agents want since; what was done stays no longer than Krayin has it. Where one wanted something else of
      # what has just been carried out, that is what they saw, and no colleague's change.
      # @param done [Hash{String => Hash}] what they wanted
      # @param now [Hash{String => Object}] what the lead has, by key
      # @return [Hash{String => Hash}]
      def left_of(done, now)
        put_back(done.keys)
        wanted.reject { |key, wish| done[key] == wish }.to_h do |key, wish|
          carried = done.key?(key) && LeadWish.same?(key, done[key]["value"], now[key])
          [key, carried ? wish.merge("base" => now[key]) : wish]
        end
      end

      # Whether a contact has shown this a while ago.
      # @param since [Time]
      def showed?(key, value, since:)
        past.fetch(key, []).any? { |known, at| known == value && Time.iso8601(at) >= since }
      end

      # @param left [Hash{String => Hash}] what agents want since
      def take_settled(lead, settings, left)
        had = lead_id
        assign_attributes(wanted: left, settled_at: Time.now.utc)
        take(lead, settings)
        # Another one may be there.
        update!(read_at: nil) if lead.nil? || (had && lead_id.nil?)
      end

      # @param contact [Contact] whose row is locked
      # @return [void]
      def clear_from(contact)
        left = without_shown(contact.custom_attributes.to_h)
        return if left == contact.custom_attributes.to_h

        contact.custom_attributes = left
        OwnWrite.during { contact.save!(validate: false) }
      end

      # @param contact [Contact] whose row is locked
      # @return [Boolean] whether it had anything else
      def write_to(contact)
        before = contact.custom_attributes.to_h
        keep_theirs(before)
        values = shown.except(*wanted.keys).reject { |key, value| value.nil? && stays?(key, before[key]) }
        after = before.merge(values).compact
        after = after.merge(before.select { |key, value| value.nil? && !values.key?(key) })
        return false if after == before

        contact.custom_attributes = after
        # What else of it is no longer valid is not ours to mend.
        OwnWrite.during { contact.save!(validate: false) }
        true
      end

      private

      # What the agents saw before the first of their wishes is what a colleague may have changed. One that was settled
      # since this was read is what they saw.
      def base(key, wish)
        return wanted[key]["base"] if wanted.key?(key)

        LeadWish.same?(key, wish["seen"], shown[key]) ? shown[key] : wish["base"]
      end

      # What it showed until now, for those whose page shows it still.
      def remember(values)
        now = Time.now.utc
        gone = shown.reject { |key, value| value.nil? || values[key] == value }
        self.past = past.merge(gone.to_h { |key, value| [key, [[value, now.iso8601], *past[key]].first(5)] })
      end
    end
  end
end
