# frozen_string_literal: true

require_relative "thread_flag"

module KrayinSync
  module Chatwoot
    # Whose a change of a lead's attributes is, where it is made. An agent's, and that of an automation or a macro of
    # the account, is what they want of the lead. A visitor writes a contact's attributes too, by the widget and the
    # public API; a merge copies them, and an import has whatever its file has: of these nothing stays. Nor does what
    # somebody writes who has read the contact a while ago.
    class LeadChange
      include Opaque

      # Of a thread that writes what no agent has said.
      module Distrust
        extend ThreadFlag
      end

      # Seconds for which a page of Chatwoot may show what has changed since: it sends all attributes with each one.
      STALE = 3600
      # What may be taken away as well.
      CLEARED = %w[krayin_closing_date].freeze
      private_constant :Distrust, :CLEARED

      class << self
        # What is written in the block is no agent's, whoever has begun it.
        def distrusted(&) = Distrust.during(&)

        # @return [String, nil] the agent or the automation that works here
        def author(account_id)
          return if Distrust.now? || !defined?(::Current)
          return if ::Current.account && ::Current.account.id != account_id

          by = [::Current.executed_by, ::Current.user].find { |one| trusted?(one) }
          "#{by.class.name}:#{by.id}" if by
        end

        private

        def trusted?(one) = one && %w[User SuperAdmin AutomationRule Macro].include?(one.class.name)
      end

      # @param contact [Contact] that is about to be saved
      def initialize(contact)
        @contact = contact
        @before = contact.new_record? ? {} : contact.custom_attributes_in_database.to_h
        @after = contact.custom_attributes.to_h
        @wanted = {}
      end

      # @return [Boolean] whether anything of a lead was changed
      def any? = keys.any?

      # Puts back what is not to stay.
      # @return [self]
      def settle
        author = self.class.author(@contact.account_id)
        keys.each do |key|
          shown = shown_of(key)
          author && shown && wanted?(key, shown) ? want(key, shown, author) : put_back(key)
        end
        @contact.custom_attributes = @after
        self
      end

      # In the same transaction, once the contact's row is written.
      # @return [Array<RecordRef>] what is to be brought to Krayin
      def keep
        @wanted.map do |shown, wishes|
          shown.want(wishes)
          RecordRef.new(shown.hook_id, "lead_move", @contact.id)
        end
      end

      private

      def keys
        @keys ||= (LeadAttributes::KEYS + mapped).reject { |key| expected(key) == @after[key] }
      end

      def mapped
        shown_by.flat_map do |row|
          own = row.shown.keys - LeadAttributes::KEYS
          own.select { |key| shown_of(key) == row && field_of(key, row) }
        end
      end

      # What the contact is to show as things stand: Krayin's value, or what an agent wants of it already. What was
      # there before of an attribute of the account's own stays where Krayin has none.
      def expected(key)
        shown = shown_of(key)
        return @before[key] unless shown
        return shown.wanted[key]["value"] if shown.wanted.key?(key)

        shown.shown[key].nil? && LeadAttributes::KEYS.exclude?(key) ? @before[key] : shown.shown[key]
      end

      def shown_of(key)
        shown_by.find { |row| row.shown.key?(key) && (row.lead_id || of_person?(key, row)) }
      end

      def of_person?(key, row) = LeadAttributes::KEYS.exclude?(key) && field_of(key, row)&.person?

      # Of each Krayin that shows something here; the one whose lead is shown first.
      def shown_by
        @shown_by ||= @contact.new_record? ? [] : ShownLead.of_contact(@contact.id)
      end

      # What is shown already another way of writing it does not change.
      def wanted?(key, shown)
        return false unless settable(shown).include?(key) && !same?(key, shown)

        @after[key].present? || @after[key] == false ? !stale?(key, shown) : cleared?(key)
      end

      def same?(key, shown)
        field = field_of(key, shown)
        return LeadWish.same?(key, expected(key), @after[key]) unless field

        !(value = field.read(@after[key])).nil? && value == field.read(expected(key))
      end

      # Nobody wants a lead to be at no stage, or to be nobody's. A record that was read before it was shown has nothing
      # there, and clears nothing by that.
      def cleared?(key) = CLEARED.include?(key) && @before[key].present? && others(key).empty?

      def settable(shown)
        @settable ||= {}
        @settable[shown.hook_id] ||= LeadAttributes.settable(settings_of(shown))
      end

      def field_of(key, shown)
        @fields ||= {}
        (@fields[shown.hook_id] ||= MappedField.of(settings_of(shown))).find { |field| field.key == key }
      end

      def settings_of(shown)
        @settings ||= {}
        @settings[shown.hook_id] ||= begin
          hook = ::Integrations::Hook.find_by(id: shown.hook_id)
          hook ? hook.settings.to_h : {}
        end
      end

      # A page that is behind brings what it shows along with what its agent has changed.
      def stale?(key, shown)
        others(key).any? && shown.showed?(key, @after[key], since: Time.now.utc - STALE)
      end

      # What else is changed.
      def others(key)
        @before.keys.union(@after.keys).reject { |name| name == key || @before[name] == @after[name] }
      end

      def want(key, shown, author)
        field = field_of(key, shown)
        value = field ? field.read(@after[key]) : LeadWish.read(key, @after[key])
        @after = @after.merge(key => value) unless value.nil?
        (@wanted[shown] ||= {})[key] = { "value" => @after[key], "base" => shown.shown[key], "by" => author,
                                         "seen" => expected(key), "at" => Time.now.utc.iso8601(6) }
      end

      def put_back(key)
        value = expected(key)
        @after = value.nil? ? @after.except(key) : @after.merge(key => value)
      end
    end
  end
end
