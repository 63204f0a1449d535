# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Persons whose mapped attributes colleagues changed: a lead's time of change says nothing of its person. What they
    # have is shown when they are read with their leads, or alone where they have none.
    class MappedPersons
      include Opaque

      # @param hook [Integrations::Hook]
      # @param krayin [PersonReader]
      def initialize(hook, krayin)
        @hook = hook
        @krayin = krayin
        @fields = MappedField.of_persons(hook.settings.to_h)
      end

      # Whether no row of the mapping is of persons.
      def none? = @fields.empty?

      # @return [Integer] requests of a look in which nothing has changed: the list of them, where nobody else reads it,
      #   and those without a lead
      def requests
        return 0 if none?

        ContactLook.on?(@hook.settings.to_h) ? 1 : 2
      end

      # They are to be read again.
      # @param state [Hash{String => Object}, nil] what the look before has left
      # @return [Hash{String => Object}, nil] what the next one begins with
      def look(state)
        return if none?

        _, seen = @krayin.touched(state, PersonReader::PERSONS) { |person| digest(person) }
        ShownLead.unread(@hook.id, person_id: seen.changed.map(&:first)) if seen.changed.any?
        ShownLead.unread(@hook.id) if seen.all
        seen.state
      end

      # @param ids [Array<Integer>]
      # @return [Hash{Integer => Hash}] what there is to show of those who have no lead
      def without_lead(ids)
        return {} if ids.empty? || none?

        @krayin.persons(ids).to_h { |person| [person["id"], LeadAttributes.without_lead(person)] }
      end

      private

      def digest(person)
        record = LeadAttributes.without_lead(person)
        values = @fields.map { |field| field.value(record) }
        OpenSSL::Digest.hexdigest("SHA256", JSON.generate(values))[0, 16]
      end
    end
  end
end
