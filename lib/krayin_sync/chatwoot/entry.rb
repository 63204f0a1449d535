# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A record of Chatwoot that a hook keeps in step.
    Entry = Struct.new(:hook_id, :kind, :id) do
      def self.parse(text)
        hook_id, kind, id = text.split(":")
        new(hook_id.to_i, kind, id.to_i)
      end

      # Pushes its job, unless one is on its way.
      # @return [Boolean] whether it was pushed
      def enqueue(delay: 0, bulk: false)
        return false unless Journal.queue(to_s, delay: delay)

        push(delay, bulk)
        true
      end

      # Its job comes back later, for what it could not do now.
      def come_back(delay, bulk: false)
        Journal.again(to_s, delay)
        push(delay, bulk)
      end

      # @return [Integer, nil] the contact that it is about; nil where the record is gone
      def contact_id
        case kind
        when "contact" then ::Contact.unscoped.where(id: id).pick(:id)
        when "conversation" then ::Conversation.unscoped.where(id: id).pick(:contact_id)
        when "message"
          ::Conversation.unscoped.where(id: ::Message.unscoped.where(id: id).select(:conversation_id)).pick(:contact_id)
        end
      end

      def to_s = "#{hook_id}:#{kind}:#{id}"

      private

      def push(delay, bulk)
        job = EventJob.set(queue: Chatwoot.configuration.queue)
        delay.positive? ? job.perform_in(delay, hook_id, kind, id, bulk) : job.perform_async(hook_id, kind, id, bulk)
      end
    end
  end
end
