# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A contact of whose person or lead a colleague has put a tag on or taken it off: it bears the label from then on,
    # or bears it no more, and neither do its conversations. What an agent has just done to the label stays.
    class TaggedContact
      include Opaque

      # Before a label among what is kept of what was sent.
      MARK = "tag:"
      LABELS = <<~SQL.squish
        SELECT tags.name FROM taggings JOIN tags ON tags.id = taggings.tag_id
        WHERE taggings.taggable_type = 'Contact' AND taggings.taggable_id = ? AND taggings.context = 'labels'
        ORDER BY taggings.id
      SQL
      private_constant :LABELS

      # @param hook [Integrations::Hook]
      # @param contact_id [Integer]
      # @param label [String]
      # @param tag [Integer] its tag's id
      # @param began [Time] before it was read
      def initialize(hook, contact_id, label, tag, began:)
        @hook = hook
        @contact_id = contact_id
        @label = label
        @tag = tag
        @began = began
      end

      # @param record [Array(String, Integer)] person or lead, and its id
      # @param on [Boolean] whether it bears the tag
      # @return [Symbol] :written, :same, or :later where it is to be looked at again
      def take(record, on:)
        Gate.aside(@hook, @contact_id) { ::ActiveRecord::Base.transaction { settle(record, on) } } || :later
      end

      private

      def settle(record, on)
        @contact = ::Contact.unscoped.lock.find_by(id: @contact_id, account_id: @hook.account_id)
        @link = LinkStore.of(@hook, kind: "contact", record_id: @contact_id).lock.first if @contact
        return :same if @link.nil? || FollowedContact.left_alone?(@link)
        # Something of it was written since: what was read may be older than that.
        return :later if @link.updated_at >= @began

        on ? put_on(record) : take_off(record)
      end

      def put_on((entity, id))
        # Somebody bears it, or did so until an agent took it off: its tag is still to go.
        return :same if mark || borne? || talks.any?

        write_labels([*labels, @label])
        keep("#{@tag} by 0 on #{entity}:#{id}+")
        :written
      end

      def take_off((entity, id))
        return :same unless borne? || talks.any?

        write_labels(labels.reject { |label| same?(label) }) if borne?
        talks.each { |talk| unlabel(talk) }
        keep(mark.sub(/(?<= on |,)#{entity}:#{id}[-+|](?:,|\z)/, "").delete_suffix(",")) if mark
        :written
      end

      def mark = @link.sent.to_h["#{MARK}#{key}"]

      def key = @label.strip.downcase

      def same?(label) = label.to_s.strip.downcase == key

      def borne? = labels.any? { |label| same?(label) }

      def labels
        @labels ||= ::Contact.connection.select_values(::Contact.sanitize_sql_array([LABELS, @contact_id]))
      end

      def talks
        @talks ||= ::Conversation.unscoped.where(contact_id: @contact_id).where.not(cached_label_list: [nil, ""])
                                 .select { |talk| labels_of(talk).any? { |label| same?(label) } }
      end

      def labels_of(talk) = talk.cached_label_list.to_s.split(",").map(&:strip)

      def write_labels(labels)
        @contact.label_list = labels
        OwnWrite.during { @contact.save!(validate: false) }
      end

      def unlabel(talk)
        talk.label_list = labels_of(talk).reject { |label| same?(label) }
        talk.save!(validate: false)
      end

      def keep(mark)
        @link.update!(sent: @link.sent.to_h.merge("#{MARK}#{key}" => mark), revision: @link.revision + 1)
      end
    end
  end
end
