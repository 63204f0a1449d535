# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Whom a hook's Krayin is for: who has to do with one of its inboxes, bears one of its labels, or is of one of its
    # countries; everybody where it names none. What Krayin has already of others stays as it is.
    #
    # A conversation goes by its own inbox, its own labels, and its contact's labels and country; a contact goes where
    # one of its conversations would. Inbox and label are seen in the statement that reads the record, the country after
    # it: numbers have more of them than a statement could tell.
    class Route
      # What was read is for another Krayin.
      class Elsewhere < StandardError; end

      KEYS = %w[route_inboxes route_labels route_countries].freeze
      # An inbox as it is kept: its name for people, and its id, which outlives the name.
      INBOX = /\A(?:(?<name>.*\S)\s*\()?(?<id>[1-9]\d{0,8})\)?\z/m

      LABELLED = <<~SQL.squish
        EXISTS (SELECT 1 FROM taggings JOIN tags ON tags.id = taggings.tag_id WHERE taggings.taggable_type = 'Contact'
          AND taggings.taggable_id = %<contact>s AND taggings.context = 'labels' AND lower(tags.name) IN (%<labels>s))
      SQL
      # Of conversations there is a copy in their own row.
      TALK_LABELLED = "EXISTS (SELECT 1 FROM unnest(string_to_array(lower(%<talk>s.cached_label_list), ',')) label " \
                      "WHERE btrim(label) IN (%<labels>s))"
      private_constant :LABELLED, :TALK_LABELLED

      @known = Remembered.new(256)

      class << self
        # @param settings [Hash{String => Object}] a hook's
        # @return [Route]
        def of(settings)
          given = settings.values_at(*KEYS)
          @known.fetch(given) { new(*given.map { |value| list(value) }) }
        end

        # @param text [String] an inbox as it is kept
        # @return [Integer, nil]
        def id_of(text) = INBOX.match(text)&.[](:id)&.to_i

        # @return [Array<String>]
        def list(value)
          texts = value.is_a?(Array) ? value.map(&:to_s) : value.to_s.split(",")
          texts.map(&:strip).reject(&:empty?)
        end

        # @return [String, nil] the two letters of a contact's country, where it is known
        def country(phone_number, additional_attributes)
          own = additional_attributes.is_a?(Hash) ? additional_attributes["country_code"].to_s.strip.upcase : ""
          return own unless own.empty?

          Native.phone_country(JsonSafe.of(phone_number)) if phone_number.is_a?(String)
        end
      end

      # @param inboxes [Array<String>] "Web (12)", or an id
      # @param labels [Array<String>]
      # @param countries [Array<String>]
      def initialize(inboxes, labels, countries)
        @all = [inboxes, labels, countries].all?(&:empty?)
        # One that was never found is nobody's: it must not make the Krayin everybody's.
        @inboxes = inboxes.filter_map { |text| self.class.id_of(text) }
        @labels = labels.map(&:downcase)
        @countries = countries.map(&:upcase)
      end

      # @return [Array<Integer>]
      attr_reader :inboxes

      # @return [Boolean] whether it is for everybody
      def all? = @all

      # Without a statement.
      # @param conversation [Conversation, #inbox_id, nil]
      # @return [Boolean] whether it is certain that a conversation is for another Krayin
      def elsewhere?(conversation)
        return false if all? || @labels.any? || @countries.any?

        !conversation.nil? && !@inboxes.include?(conversation.inbox_id)
      end

      # @param kind [String] contact, conversation or message
      # @return [String] SQL: whether inbox or label lead here, of the row of +contacts+, else of +conversations+
      def sql(kind)
        (@sql ||= {})[kind == "contact"] ||= any_of(kind == "contact" ? of_contact : of_conversation)
      end

      # @return [Boolean] whether the contact's country leads here
      def country?(phone_number, additional_attributes)
        @countries.any? && @countries.include?(self.class.country(phone_number, additional_attributes))
      end

      # @param kind [String]
      # @param records [ActiveRecord::Relation] one that has contacts in it, and for what is no contact conversations
      # @return [Array<Array(Integer, Time)>] id, and since when it is as it is, of those that are for this Krayin
      def pluck(kind, records)
        columns = %w[id updated_at].map { |name| "#{kind}s.#{name}" }
        return records.pluck(*columns) if all?
        return records.where(sql(kind)).pluck(*columns) if @countries.empty?

        rows = records.pluck(*columns, Arel.sql("(#{sql(kind)})"), "contacts.phone_number",
                             "contacts.additional_attributes")
        rows.filter_map { |id, at, here, *contact| [id, at] if here || country?(*contact) }
      end

      private

      def of_contact
        talk = "EXISTS (SELECT 1 FROM conversations talk WHERE talk.contact_id = contacts.id AND %s)"
        [
          (in_inbox("contact_inboxes", "contact_inboxes.contact_id = contacts.id") if @inboxes.any?),
          *labels("contacts.id") { format(talk, labelled("talk")) }
        ]
      end

      def of_conversation
        [
          ("conversations.inbox_id IN (#{@inboxes.join(", ")})" if @inboxes.any?),
          *labels("conversations.contact_id") { labelled("conversations") }
        ]
      end

      def in_inbox(table, whose)
        "EXISTS (SELECT 1 FROM #{table} WHERE #{whose} AND #{table}.inbox_id IN (#{@inboxes.join(", ")}))"
      end

      def labels(contact)
        @labels.any? ? [format(LABELLED, contact: contact, labels: quoted), yield] : []
      end

      def labelled(talk) = format(TALK_LABELLED, talk: talk, labels: quoted)

      def quoted
        connection = ::ActiveRecord::Base.connection
        @labels.map { |label| connection.quote(label) }.join(", ")
      end

      def any_of(conditions)
        conditions = conditions.compact
        conditions.empty? ? "FALSE" : conditions.map { |condition| "(#{condition})" }.join(" OR ")
      end
    end
  end
end
