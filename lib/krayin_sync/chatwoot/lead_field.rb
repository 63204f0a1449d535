# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # An attribute that somebody added to Krayin's leads, and the contact's custom attribute that a row of field_mapping
    # with +<->+ shows it by: what Krayin has is shown there, and what an agent writes there is written to Krayin.
    class LeadField
      ROW = /\Aleads?\s*\.\s*([\w-]+)\s*<->\s*(?:custom_attributes\s*\.\s*)?([^.]+)\z/i
      # Krayin's types that one value of Chatwoot's says whole, and what that is there.
      TYPES = { "text" => "text", "textarea" => "text", "price" => "number", "boolean" => "checkbox",
                "select" => "list", "date" => "date" }.freeze
      # What a column of Krayin's keeps of a text; the rest it cuts without a word.
      BYTES = 65_535
      YES = %w[true 1 yes on].freeze
      NO = %w[false 0 no off].freeze
      # What is said of a value that the attribute cannot hold.
      WORDS = { "number" => :no_amount, "date" => :no_day }.freeze
      private_constant :ROW, :BYTES, :YES, :NO, :WORDS

      class << self
        # @param settings [Hash{String => Object}] a hook's, with what the set-up learned
        # @return [Array<LeadField>] those that go both ways; none where nothing of a lead is shown
        def of(settings)
          rows = rows(settings)
          return [] if rows.empty? || !Settings.on?(settings, "two_way")

          known = settings.dig("traits", "attributes").to_a.select { |row| row["entity_type"] == "leads" }
          rows.filter_map do |code, key|
            attribute = known.find { |row| row["code"] == code }
            new(key, attribute) if attribute && TYPES.key?(attribute["type"])
          end
        end

        # What is mapped both ways is the contact's own until it shows a lead.
        # @param hook [Integrations::Hook]
        # @param contact_id [Integer]
        # @return [Hash{String => Object}] the hook's settings from then on
        def followed(hook, contact_id)
          settings = hook.settings.to_h
          of(settings).any? && ShownLead.lead_of(hook.id, contact_id) ? settings : {}
        end

        private

        def rows(settings)
          lines = settings["field_mapping"]
          lines = lines.to_s.split(/[,\n]/) unless lines.is_a?(Array)
          lines.filter_map { |line| ROW.match(line.to_s.strip)&.captures }
        end
      end

      # @return [String] the contact's custom attribute
      attr_reader :key
      # @return [String] Krayin's attribute
      attr_reader :code
      # @return [String] as people call it
      attr_reader :name

      # @param attribute [Hash{String => Object}] as the set-up learned it
      def initialize(key, attribute)
        @key = key
        @code = attribute["code"]
        @name = attribute["name"].to_s.strip.presence || key
        @type = attribute["type"]
        @options = attribute["options"].to_a
      end

      # @return [String] Chatwoot's type of it
      def type = TYPES.fetch(@type)

      # @return [Array<String>] what there is to choose from
      def choices = type == "list" ? @options.map { |_, option| option.to_s.strip } : []

      # Whether this Krayin's answers tell what it has.
      # @param lead [Hash{String => Object}] as Krayin answers it
      def told?(lead) = lead.key?(code)

      # Whether what the lead has is something that the set-up has seen.
      # @param lead [Hash{String => Object}] as Krayin answers it
      def known?(lead) = type != "list" || option_id(lead[code]).to_s.empty? || !option_of(lead[code]).nil?

      # @param lead [Hash{String => Object}] as Krayin answers it
      # @return [String] what the lead has, for those who ask once for each
      def option_key(lead) = "#{code}:#{option_id(lead[code]).to_s[0, 64]}"

      # @return [Reason] that it goes one way alone
      def one_way = Reason.new("mapped_one_way", attribute: "lead.#{code}")

      # @return [Object, nil] what the contact shows of it
      def shown(lead)
        value = lead[code]
        case type
        when "list" then option_of(value)&.last
        # Of a lead that is older than the attribute Krayin has neither.
        when "checkbox" then YES.include?(value.to_s) unless value.to_s.empty?
        when "number" then LeadAttributes.amount(value)
        when "date" then value.to_s[/\A\d{4}-\d{2}-\d{2}/]
        else value.to_s.strip.presence
        end
      end

      # @param value [Object] what an agent wrote
      # @return [Object, nil] as the contact shows it; nothing where it is none
      def read(value)
        case type
        when "list" then choices.find { |one| one == value } || choices.find { |one| same?(one, value) }
        when "checkbox" then yes_or_no(value)
        when "number" then LeadWish.read("krayin_value", value)
        when "date" then LeadWish.read("krayin_closing_date", value)
        else text(value)
        end
      end

      # @param wanted [Object] what an agent wrote
      # @return [Array(Object, Symbol)] as Krayin takes it; else why it cannot be
      def written(wanted)
        value = read(wanted)
        return [nil, WORDS.fetch(type, :refused)] if value.nil?

        case type
        when "list" then [@options.find { |_, option| option.to_s.strip == value }.first, nil]
        when "checkbox" then [value ? 1 : 0, nil]
        when "number" then [LeadWish.decimal(value), nil]
        else [value, nil]
        end
      end

      private

      def option_id(value) = value.is_a?(Hash) ? value["id"] : value

      def option_of(value)
        id = option_id(value).to_s
        found = @options.find { |known, _| known.to_s == id }
        found && [found.first, found.last.to_s.strip]
      end

      def same?(one, other)
        one.to_s.split.join(" ").casecmp?(other.to_s.split.join(" ")) && other.is_a?(String)
      end

      def yes_or_no(value)
        word = value.to_s.strip.downcase
        return true if YES.include?(word)

        false if NO.include?(word)
      end

      def text(value)
        return unless value.is_a?(String) || value.is_a?(Numeric)

        written = value.to_s.strip
        written if written.present? && written.bytesize <= BYTES
      end
    end
  end
end
