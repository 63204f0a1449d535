# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Attributes of the account's own that show something of a lead or a person: what a contact had before, or an agent
    # has said, is not Krayin's to take away. What is Krayin's alone is under {LeadAttributes::KEYS}.
    module AccountsOwn
      # What agents wanted of these is not to stay where Krayin has none.
      # @param keys [Array<String>]
      # @return [void]
      def put_back(keys) = @put_back = keys

      private

      # @param values [Hash{String => Object}] what is to be shown from now on
      # @param lead [Hash, nil] as it is now
      def begin_taking(values, lead)
        @before = shown
        @followed = lead ? values.keys : []
      end

      # What the contact has where Krayin never had anything; where it is followed no more, what came from there goes.
      def stays?(key, value)
        return false if LeadAttributes::KEYS.include?(key) || @put_back.to_a.include?(key)

        @before.to_h[key].nil? || (@followed.exclude?(key) && theirs?(key, value))
      end

      # Whether the contact had it before it was shown, or an agent has said it.
      def theirs?(key, value) = past.fetch(key, []).any? { |known, _, own| own && known == value }

      # What stands there already when it is first shown did not come from Krayin.
      def keep_theirs(attributes)
        own = shown.reject { |key, value| value.nil? || LeadAttributes::KEYS.include?(key) || wanted.key?(key) }
        own = own.select { |key, value| @before && attributes[key] == value && @before[key] != value }
        return if own.empty?

        now = Time.now.utc.iso8601
        update!(past: past.merge(own.to_h { |key, value| [key, [[value, now, true], *past[key]].first(5)] }))
      end

      # @return [Hash{String => Object}] the attributes without what was shown
      def without_shown(attributes)
        # Where no lead is shown, another of the account's Krayins may show one.
        keys = lead_id ? shown.keys | wanted.keys : shown.compact.keys
        own, mapped = keys.partition { |key| LeadAttributes::KEYS.include?(key) }
        attributes.except(*own).reject do |key, value|
          mapped.include?(key) && value == shown[key] && !theirs?(key, value)
        end
      end
    end
  end
end
