# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # An attribute that somebody added to Krayin's leads or persons, and the contact's custom attribute that a row of
    # field_mapping with +<->+ shows it by: what Krayin has is shown there, and what an agent writes there is written to
    # Krayin. A lead as Krayin answers it has its person inside, with that one's attributes; who has no lead stands
    # there alone.
    class MappedField
      ROW = /\A(lead|person)s?\s*\.\s*([\w-]+)\s*<->\s*(?:custom_attributes\s*\.\s*)?([^.]+)\z/i
      # Krayin's types that one value of Chatwoot's says whole, and what that is there.
      TYPES = { "text" => "text", "textarea" => "text", "price" => "number", "boolean" => "checkbox",
                "select" => "list", "multiselect" => "text", "checkbox" => "text", "date" => "date" }.freeze
      # Those of which a record has several, with commas between them.
      SEVERAL = %w[multiselect checkbox].freeze
      # What a column of Krayin's keeps of a text; the rest it cuts without a word.
      BYTES = 65_535
      YES = %w[true 1 yes on].freeze
      NO = %w[false 0 no off].freeze
      # What is said of a value that the attribute cannot hold.
      WORDS = { "number" => :no_amount, "date" => :no_day }.freeze
      private_constant :ROW, :SEVERAL, :BYTES, :YES, :NO, :WORDS

      class << self
        # @param settings [Hash{String => Object}] a hook's, with what the set-up learned
        # @return [Array<MappedField>] those that go both ways; none where nothing of a lead is shown
        def of(settings)
          rows = rows(settings)
          return [] if rows.empty? || !Settings.on?(settings, "two_way")

          known = settings.dig("traits", "attributes").to_a
          rows.filter_map do |entity, code, key|
            attribute = known.find { |row| row.values_at("entity_type", "code") == ["#{entity.downcase}s", code] }
            new(key, attribute) if attribute && TYPES.key?(attribute["type"])
          end
        end

        # Those of a hook's persons.
        def of_persons(settings) = of(settings).select(&:person?)

        # What is mapped both ways is the contact's own until it is shown.
        # @param hook [Integrations::Hook]
        # @param contact_id [Integer]
        # @return [Array<MappedField>] what is Krayin's from then on
        def followed(hook, contact_id)
          fields = of(hook.settings.to_h)
          return [] if fields.empty?

          row = ShownLead.find_by(hook_id: hook.id, contact_id: contact_id)
          return [] unless row

          fields.select { |field| field.person? ? row.shown.key?(field.key) : row.lead_id }
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
        @entity = attribute["entity_type"] == "persons" ? "person" : "lead"
        @options = attribute["options"].to_a
      end

      # Whether it is the person's own, whichever lead is shown.
      def person? = @entity == "person"

      # @return [String] lead.plan
      def path = "#{@entity}.#{code}"

      # @return [String] Chatwoot's type of it
      def type = TYPES.fetch(@type)

      # @return [Array<String>] what there is to choose from
      def choices = type == "list" ? @options.map { |_, option| option.to_s.strip } : []

      # Whether this Krayin's answers tell what it has.
      # @param lead [Hash{String => Object}] as Krayin answers it
      def told?(lead) = record(lead).key?(code)

      # Whether an answer has its record, and not it.
      # @param lead [Hash{String => Object}] as Krayin answers it
      def hidden?(lead) = record(lead).key?("id") && !told?(lead)

      # @param lead [Hash{String => Object}] as Krayin answers it
      # @return [Object, nil] what Krayin has
      def value(lead) = record(lead)[code]

      # Whether what Krayin has is something that the set-up has seen.
      # @param lead [Hash{String => Object}] as Krayin answers it
      def known?(lead) = !(several? || type == "list") || ids(value(lead)).all? { |id| option_of(id) }

      # @param lead [Hash{String => Object}] as Krayin answers it
      # @return [String] what Krayin has, for those who ask once for each
      def option_key(lead) = "#{path}:#{ids(value(lead)).join(",")[0, 64]}"

      # @return [Reason] that it goes one way alone
      def one_way = Reason.new("mapped_one_way", attribute: path)

      # @return [Object, nil] what the contact shows of it
      def shown(lead)
        value = value(lead)
        return names(ids(value)) if several?

        case type
        when "list" then ids(value).filter_map { |id| option_of(id)&.last }.first
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
        return names(chosen(value).to_a) if several?

        case type
        when "list" then option_named(value)&.last
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
        return [chosen(value), nil] if several?

        case type
        when "list" then [option_named(value).first, nil]
        when "checkbox" then [value ? 1 : 0, nil]
        when "number" then [LeadWish.decimal(value), nil]
        else [value, nil]
        end
      end

      private

      def record(lead)
        return lead unless person?

        lead["person"].is_a?(Hash) ? lead["person"] : {}
      end

      def several? = SEVERAL.include?(@type)

      # @return [Array<Array(Integer, String)>]
      def options = @options.map { |id, option| [id, option.to_s.strip] }

      # Of several Krayin answers a text with commas.
      # @return [Array<String>]
      def ids(value)
        list = several? && value.is_a?(String) ? value.split(",") : [value].flatten(1)
        list.map { |one| (one.is_a?(Hash) ? one["id"] : one).to_s.strip }.reject(&:empty?)
      end

      def option_of(id) = options.find { |known, _| known.to_s == id.to_s }

      def option_named(name)
        options.find { |_, option| option == name } || options.find { |_, option| same?(option, name) }
      end

      # @return [String, nil] in the order in which there is to choose
      def names(ids)
        ids = ids.map(&:to_s)
        options.select { |id, _| ids.include?(id.to_s) }.map(&:last).join(", ").presence
      end

      # @return [Array<Integer>, nil] the options that are named; nothing where one of them is none
      def chosen(value)
        found = (value.is_a?(Array) ? value : value.to_s.split(",").map(&:strip)).compact_blank
        found = found.map { |name| option_named(name)&.first }
        found.uniq.sort if found.any? && found.all?
      end

      def same?(one, other)
        other.is_a?(String) && one.to_s.split.join(" ").casecmp?(other.split.join(" "))
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
