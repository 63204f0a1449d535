# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Brings to Krayin what agents want of a contact's lead: one request to see how it is now, one to move it, and two
    # where its fields are written. What Krayin refuses, and what a colleague has changed meanwhile, is put back and
    # told in the conversation.
    class LeadMove
      # What Krayin does not take, however often it is sent.
      REFUSED = [ValidationError, NotFoundError, ConflictError, BlockedError].freeze

      # @param hook [Integrations::Hook]
      # @param contact_id [Integer]
      # @yield after each attempt
      def initialize(hook, contact_id, &)
        @hook = hook
        @settings = hook.settings.to_h
        @contact_id = contact_id
        @krayin = LeadReader.new(@settings, bulk: false, &)
        @refused = []
      end

      # @return [Hash{Symbol => Object}, nil] how many requests it took; nothing where nobody wants anything
      # @raise [Error] where it is to be tried again
      def perform
        @shown = ShownLead.find_by(hook_id: @hook.id, contact_id: @contact_id)
        @wanted = @shown ? @shown.wanted : {}
        return if @wanted.empty?
        return keep_out if LinkStore.of(@hook, kind: "contact", record_id: @contact_id).exists?(kept_out: true)

        lead = @shown.lead_id && @krayin.lead(@shown.lead_id)
        lead ? settle(lead) : gone
        { status: "synced", requests: @krayin.requests }
      end

      private

      def settle(lead)
        found = LeadSettlement.of(@wanted, lead, @settings, users: users)
        @held = found.held
        lead = move(lead, found) if found.move
        lead = write(lead, found.fields, found.keys) if found.fields.any?
        told = found.told + @refused
        by = Movers.new(@hook, @krayin).of(@contact_id, lead)
        ShownLead.settle(@hook, @contact_id, lead, done: @wanted.except(*@held), held: @held, by: by) do
          say(told, LeadAttributes.all_of(lead, @settings))
        end
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

      def gone
        ShownLead.settle(@hook, @contact_id, nil, done: @wanted) { say(words_of(:gone), {}) }
      end

      def words_of(word) = @wanted.keys.map { |key| [word, key] }

      def say(told, now) = LeadLine.new(@hook, @contact_id).say(told, now)
    end
  end
end
