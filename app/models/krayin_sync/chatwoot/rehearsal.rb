# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What would become of a contact, found out by asking alone: nothing is written to Krayin, and nothing is kept.
    class Rehearsal < Synchronization
      # What is kept of records, with what would be kept for as long as it lasts.
      class Links < LinkStore
        def load(kind, id) = stored?(kind, id) ? @kept[[kind, id]] : super

        def store(kind, id, json)
          keep(kind, id, json)
          @stored << [kind, id]
          nil
        end

        # Whether the contact has a person by now.
        def person?(id) = !ExternalId.extract(parsed("contact", id)["ids"], "person").nil?
      end

      # Nobody works on the contact by it.
      class OpenGate
        def passed? = true

        def pass = nil

        def extend_life = nil
      end
      private_constant :Links, :OpenGate

      # @param entry [RecordRef] of a contact
      # @param hook [Integrations::Hook]
      # @param glance [BackfillGlance::Of, nil] who knows what Krayin has shown of others and of it
      def initialize(entry, hook, glance: nil)
        super(entry, hook, OpenGate.new, began: Time.now, bulk: true)
        @records = Links.new(began: Time.now, instance: HookSettings.instance(hook), glance: glance)
        @requests = 0
      end

      # @return [Hash{Symbol => Object}, nil] as {Synchronization#perform}
      # @raise [Error]
      def perform
        data = read
        return data && KEPT_OUT if data.nil? || kept_out?(data)

        processor(data).rehearse
      rescue Route::Elsewhere
        nil
      rescue AskingOnly::Change
        would_change(records.person?(entry.id))
      end

      private

      # The request that would have changed something was not sent.
      def would_change(person)
        { status: "would_change", ids: {}, requests: @requests, created: person ? [] : ["person"],
          updated: person ? ["person"] : [], codes: [], doubtful: [] }
      end

      def asked
        @requests += 1
        super
      end
    end
  end
end
