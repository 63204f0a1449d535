# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What of a person is to be written into its contact, by what Krayin has now, what the contact has, and what was
    # sent last. A value that we sent is an echo, or older than the contact's own; what is neither's a colleague has
    # entered, and that stays, as it does where an event of the contact's comes first. It asks and writes nothing.
    class PersonChange
      include Opaque

      # By their keys in the table of fields.
      KEYS = %w[name email phone organization].freeze
      # Those of which a person has several.
      LISTS = %w[email phone].freeze
      # What stands in Krayin for an address or a number that a contact does not have.
      NONE = /chatwoot-[0-9a-f]{12}/
      private_constant :NONE
      # Hexadecimal digits that are kept of a digest.
      DIGITS = 24

      # - write: texts by key
      # - told: keys that were changed on both sides
      Change = Struct.new(:write, :told, keyword_init: true)

      class << self
        # @param record [Hash{Symbol => Object}] a contact's fields
        # @param country [String, nil] of numbers that say none
        # @return [Hash{String => Array<String>}] what Krayin has, or would have, of it, by {KEYS}
        def texts(record, country: nil)
          own = record[:additional_attributes].to_h.transform_keys(&:to_s)
          record = record.merge(additional_attributes: country ? own.merge("country_code" => country) : own)
          person = Mappers::ContactMapper.map_to_person(record)
          company = Mappers::ContactMapper.map_to_organization(record)
          { "name" => [person[:name]], "email" => values(person[:emails]), "phone" => values(person[:contact_numbers]),
            "organization" => [company && company[:name]] }.transform_values { |texts| texts.compact.map(&:to_s) }
        end

        # @param person [Hash{String => Object}] as Krayin answers it
        # @return [Hash{Symbol => Object}] a contact that says the same
        def contact_of(person)
          company = person["organization"].is_a?(Hash) ? person["organization"]["name"].to_s.squish : ""
          { id: 0, name: person["name"].to_s.squish, email: Entries.values(person["emails"]).join(", "),
            phone_number: Entries.values(person["contact_numbers"]).join(", "),
            additional_attributes: { "company_name" => company.presence }.compact }
        end

        # @param contact [Hash{Symbol => Object}] {contact_of} a person
        # @return [Hash{String => String}] what people have entered there that is more than its text, by {KEYS}
        def entered(contact)
          known = { "name" => contact[:name], "organization" => contact[:additional_attributes]["company_name"],
                    "email" => contact[:email], "phone" => contact[:phone_number] }
          known.reject { |name, text| text.blank? || (LISTS.include?(name) && text.match?(NONE)) }
        end

        # @param texts [Array<String>]
        # @return [String] as the core keeps it of what was sent
        def digest(texts, key) = texts.map { |text| code(text, key) }.join(",")

        def code(text, key) = OpenSSL::HMAC.hexdigest("SHA256", key.to_s, text)[0, DIGITS]

        private

        def values(entries) = entries.to_a.map { |entry| entry[:value] }
      end

      # @param there [Hash{String => Array<String>}] {texts} of the person
      # @param entered [Hash{String => String}] {entered}
      # @param here [Hash{String => Array<String>}] {texts} of the contact
      # @param blank [Array<String>] keys of which the contact has nothing
      # @param sent [Hash{String => String}] digests by key
      # @param key [String] the digests'
      # @param made [Boolean] whether the person was made of the contact: what is the contact's stands first then
      def initialize(there:, entered:, here:, blank:, sent:, key:, made:)
        @there = there
        @entered = entered
        @here = here
        @blank = blank
        @sent = sent
        @key = key
        @made = made
      end

      # @param policy [String] fill_blanks or follow
      # @param keys [Array<String>] those of {KEYS} that are kept in step
      # @return [Change]
      def by(policy, keys = KEYS)
        change = Change.new(write: {}, told: [])
        keys.each { |name| look_at(name, policy, change) }
        change
      end

      private

      def look_at(name, policy, change)
        return if same?(name) || (policy != "follow" && !blank?(name))

        text = chosen(name)
        return unless text

        change.write[name] = text
        change.told << name if changed_here?(name)
      end

      # @return [String, nil] what the contact is to have; nothing where Krayin has nothing of its own
      def chosen(name)
        theirs = @there[name].reject { |text| sent?(name, text) }
        # What is no number at all is for Chatwoot to refuse.
        return (@entered[name] if @there[name].empty?) if theirs.empty?
        # Ours stands there still: the contact's own change is on its way.
        return if !blank?(name) && theirs.size < @there[name].size
        return @entered[name] unless LISTS.include?(name)

        @made ? theirs.first : theirs.last
      end

      def blank?(name) = @blank.include?(name)

      def same?(name)
        return false if blank?(name)

        @there[name].any? { |text| @here[name].any? { |own| alike?(name, own, text) } }
      end

      def alike?(name, own, text) = %w[name phone].include?(name) ? own == text : own.casecmp?(text)

      def changed_here?(name)
        @sent.key?(name) && !blank?(name) && @here[name].any? { |text| !sent?(name, text) }
      end

      def sent?(name, text)
        kept = @sent[name].to_s.split(/[|,]/)
        [text, text.downcase].uniq.any? { |one| kept.include?(self.class.code(one, @key)) }
      end
    end
  end
end
