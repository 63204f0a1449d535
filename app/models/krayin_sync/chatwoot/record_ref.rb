# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A record of Chatwoot that a hook keeps in step.
    RecordRef = Struct.new(:hook_id, :kind, :id) do
      # @return [Float, nil] when the event was told that its job is for; seconds since 1970
      attr_accessor :told_at

      def self.parse(text)
        hook_id, kind, id = text.split(":")
        new(hook_id.to_i, kind, id.to_i)
      end

      # Pushes its job, unless one is on its way. A conversation's waits for its next turn.
      # @param delay [Numeric] seconds
      # @param bulk [Boolean] whether it has time
      # @param changed_at [Time, nil] of what has time: since when the record is as it is
      # @param urgent [Boolean] whether it waits for nothing, be a later job of it on its way
      # @param marks [Hash{Symbol => Boolean}] parked: whether it waits until a person has mended the connection;
      #   brought: whether a place among those that work is left to it
      # @return [Boolean] whether it was pushed
      def enqueue(delay: 0, bulk: false, changed_at: nil, urgent: false, **marks)
        pace = urgent ? :urgent : (:paced if kind == "conversation")
        seconds, due = JobRegistry.queue(to_s, delay: delay, changed_at: changed_at, pace: pace)
        return false unless due

        push(seconds, bulk, due, **marks)
        true
      end

      # @return [Integer] seconds between two writes of it while it goes on
      def pace = kind == "conversation" ? Chatwoot.configuration.note_interval : 0

      # Its job comes back later, for what it could not do now.
      def requeue(delay, jid:, bulk: false, parked: false)
        push(delay, bulk, JobRegistry.again(to_s, delay, jid), parked: parked)
      end

      # @param asked [Hash{String => Object}] a job's argument
      def self.of(asked)
        new(*asked.values_at("hook_id", "kind", "id")).tap { |entry| entry.told_at = asked["told_at"] }
      end

      # @return [Integer, nil] the contact that it is about; nil where that is gone and no link tells of it
      def contact_id
        case kind
        when "contact", "contact_deletion", "erasure", "lead_move" then id
        when "act" then PanelAct.where(id: id).pick(:contact_id)
        when "merge" then Merge.kept(Merge.of(id)&.fetch("into", nil)) || id
        when "conversation" then ::Conversation.unscoped.where(id: id).pick(:contact_id)
        when "message", "message_edit"
          ::Conversation.unscoped.where(id: ::Message.unscoped.where(id: id).select(:conversation_id)).pick(:contact_id)
        when "conversation_deletion" then contact_of_talk(id)
        when "message_deletion" then contact_of_talk(talk_of_message)
        end
      end

      def to_s = "#{hook_id}:#{kind}:#{id}"

      private

      # Chatwoot keeps a message that was deleted, unless its conversation went.
      def talk_of_message
        ::Message.unscoped.where(id: id).pick(:conversation_id) ||
          links(kind: "message", record_id: id).pick(:parent_id)
      end

      # Of what is gone the links alone tell; where messages alone are brought over, theirs.
      def contact_of_talk(id)
        return unless id

        ::Conversation.unscoped.where(id: id).pick(:contact_id) ||
          links(kind: "conversation", record_id: id).pick(:parent_id) ||
          links(kind: "message", parent_id: id).where("rest -> 'contact' IS NOT NULL")
                                               .pick(Arel.sql("(rest ->> 'contact')::bigint"))
      end

      def links(of) = KrayinSync::Records::Link.where(of).where.not(parent_id: nil)

      def push(delay, bulk, due, parked: false, brought: false)
        job = EventJob.set(queue: Chatwoot.configuration.queue)
        asked = { "job_id" => to_s, "hook_id" => hook_id, "kind" => kind, "id" => id, "bulk" => bulk, "due" => due,
                  "told_at" => told_at || Time.now.to_f.round(3) }
        asked["brought"] = true if brought
        if parked
          WakeJob.note(hook_id)
          asked[WakeJob::MARK] = true
        end
        delay.positive? ? job.perform_in(delay, asked) : job.perform_async(asked)
      end
    end
  end
end
