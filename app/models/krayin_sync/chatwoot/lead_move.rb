# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Brings to Krayin what agents want of a contact's lead: one request to see how it is now, one to move it, and two
    # where its fields are written. What they want of the person is two more before that: to see it and to write it.
    # What Krayin refuses, and what a colleague has changed meanwhile, is put back and told in the conversation.
    class LeadMove
      include Opaque

      # What Krayin does not take, however often it is sent.
      REFUSED = [ValidationError, NotFoundError, ConflictError, BlockedError].freeze

      # @param hook [Integrations::Hook]
      # @param contact_id [Integer]
      # @yield after each attempt
      def initialize(hook, contact_id, &)
        @hook = hook
        @settings = hook.settings.to_h
        @contact_id = contact_id
        @krayin = PersonReader.new(@settings, bulk: false, &)
        @refused = []
        @held = []
      end

      # @return [Hash{Symbol => Object}, nil] how many requests it took; nothing where nobody wants anything
      # @raise [Error] where it is to be tried again
      def perform
        @shown = ShownLead.find_by(hook_id: @hook.id, contact_id: @contact_id)
        @wanted = @shown ? @shown.wanted : {}
        return if @wanted.empty?

        @link = LinkStore.of(@hook, kind: "contact", record_id: @contact_id).first
        return keep_out if @link&.kept_out

        told = settle_person
        lead = @shown.lead_id && @krayin.lead(@shown.lead_id)
        told += settle_lead(lead) { |now| lead = now }
        settle(lead, told + @refused)
        { status: "synced", requests: @krayin.requests }
      end

      private

      # @return [Array<Array(Symbol, String)>] what the agents are to be told
      def settle_person
        keys = of_persons & @wanted.keys
        return [] if keys.empty?
        return keys.map { |key| [:doubted, key] } unless certain?

        person = @krayin.person(@shown.person_id)
        return keys.map { |key| [:person_gone, key] } unless person

        found = LeadSettlement.of_person(@wanted.slice(*keys), person, @settings)
        write_person(person, found.fields, found.keys) if found.fields.any?
        found.told
      end

      def of_persons = @of_persons ||= MappedField.of_persons(@settings).map(&:key)

      # Whether that person is the contact's beyond doubt, and the one whose values it shows.
      def certain? = @link && @link.person_id == @shown.person_id && !FollowedContact.left_alone?(@link)

      def write_person(person, fields, keys)
        refuse(:at_stake, keys.values_at(*fields.keys)) unless @krayin.write_person(person, fields)
      rescue *REFUSED
        # Of several one alone may be what it does not take.
        return fields.each { |name, value| write_person(person, { name => value }, keys) } if fields.many?

        refuse(:refused, keys.values_at(*fields.keys))
      end

      # @yield [Hash] the lead after it
      # @return [Array<Array(Symbol, String)>] what the agents are to be told
      def settle_lead(lead)
        wanted = @wanted.except(*of_persons)
        return [] if wanted.empty?
        return wanted.keys.map { |key| [:gone, key] } unless lead

        found = LeadSettlement.of(wanted, lead, @settings, users: users)
        @held = found.held
        lead = move(lead, found) if found.move
        lead = write(lead, found.fields, found.keys) if found.fields.any?
        yield lead
        found.told
      end

      def settle(lead, told)
        by = Movers.new(@hook, @krayin).of(@contact_id, lead)
        lead = with_own_person(lead) if MappedField.of_persons(@settings).any?
        now = lead ? LeadAttributes.all_of(lead, @settings) : {}
        ShownLead.settle(@hook, @contact_id, lead, done: @wanted.except(*@held), held: @held, by: by) do
          say(told, now)
        end
      end

      # Where no lead is shown, or it is another's by now, the person is shown as it is.
      def with_own_person(lead)
        return lead if lead && LeadAttributes.person_id(lead) == @shown.person_id

        person = @krayin.person(@shown.person_id)
        lead ? lead.merge("person" => person) : person && LeadAttributes.without_lead(person)
      end

      # Who is there now: of one whom Krayin does not know it would take the lead's page down.
      def users = @wanted.key?("krayin_owner") ? @krayin.users : []

      # @return [Hash] the lead after it
      def move(lead, found)
        @krayin.move(lead["id"], found.move["id"], reason: found.reason)
      rescue *REFUSED
        refuse(:refused, LeadAttributes::MOVES & (@wanted.keys - @held - found.told.map(&:last)))
        lead
      end

      # @return [Hash] the lead after it
      def write(lead, fields, keys)
        written = @krayin.write(lead, fields)
        return written if written

        refuse(:at_stake, keys.values_at(*fields.keys))
        lead
      rescue *REFUSED
        # Of several one alone may be what it does not take.
        return fields.inject(lead) { |now, (name, value)| write(now, { name => value }, keys) } if fields.many?

        refuse(:refused, keys.values_at(*fields.keys))
        lead
      end

      def refuse(word, keys) = @refused.concat(keys.map { |key| [word, key] })

      # What an administrator keeps out of Krayin stays there as it is, whoever wants otherwise.
      def keep_out
        ShownLead.drop(@hook, @contact_id, done: @wanted) { say(words_of(:kept_out), @shown.shown) }
        { status: "skipped", requests: 0 }
      end

      def words_of(word) = @wanted.keys.map { |key| [word, key] }

      def say(told, now) = LeadLine.new(@hook, @contact_id).say(told, now)
    end
  end
end
