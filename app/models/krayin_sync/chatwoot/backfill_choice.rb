# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Which contacts of an account a {Backfill} brings over, and what goes with them.
    class BackfillChoice
      ON = { "true" => true, "false" => false, true => true, false => false, nil => nil }.freeze
      # What {of} can be told.
      NAMES = %i[inbox label since conversations messages].freeze
      # Contacts that one statement reads of an account when it is counted.
      PAGE = 2000

      # @param inbox [#to_s, nil] an inbox's id: those who have written or were written to there
      # @param label [#to_s, nil] a contact's label
      # @param since [Time, Date, String, nil] those that were made or active since
      # @param conversations [Boolean, nil] whether their conversations go along; what the connection brings where nil
      # @param messages [Boolean, nil] likewise of messages
      # @return [BackfillChoice]
      # @raise [ArgumentError] naming what cannot be chosen
      def self.of(hook, inbox: nil, label: nil, since: nil, conversations: nil, messages: nil)
        chosen = { "inbox" => inbox_of(hook, inbox), "label" => label.to_s.strip.presence, "since" => time(since) }
        kinds = { "conversations" => [conversations, brings_conversations?(hook)],
                  "messages" => [messages, Settings.on?(hook.settings.to_h, "sync_messages")] }
        new(chosen.compact.merge(kinds.to_h { |name, (asked, brought)| [name, toggle(name, asked, brought)] }))
      end

      class << self
        private

        def inbox_of(hook, inbox)
          return if inbox.to_s.strip.empty?

          id = Integer(inbox.to_s, 10, exception: false)
          return id if id && ::Inbox.where(account_id: hook.account_id).exists?(id: id)

          raise ArgumentError, "inbox must be the id of an inbox of account #{hook.account_id}."
        end

        def time(since)
          return if since.nil? || since.to_s.strip.empty?

          since = day_or_time(since) if since.is_a?(String)
          raise ArgumentError unless since.respond_to?(:in_time_zone)

          since.in_time_zone.utc.iso8601
        rescue ArgumentError
          raise ArgumentError, 'since must be a day or a time, such as "2026-01-31".'
        end

        # What lacks a part of its day would be read as one of today's month or week.
        def day_or_time(text)
          whole = %i[year mon mday].all? { |part| ::Date._parse(text).key?(part) }
          whole ? ::Time.zone.parse(text) : raise(ArgumentError)
        end

        def brings_conversations?(hook)
          settings = hook.settings.to_h
          Settings.on?(settings, "sync_conversations") || Settings.on?(settings, "stage_progression_enabled") ||
            Settings.leads_by_conversation?(settings) || Settings.maps_conversations?(settings)
        end

        def toggle(name, asked, brought)
          asked = ON.fetch(asked.is_a?(String) ? asked.strip.downcase.presence : asked) do
            raise ArgumentError, "#{name} must be true or false."
          end
          return brought if asked.nil?
          return asked if brought || !asked

          raise ArgumentError, "The connection does not bring #{name} to Krayin: turn sync_#{name} on first."
        end
      end

      # @param kept [Hash{String => Object}] as a run keeps it
      def initialize(kept)
        @kept = kept
      end

      # @return [Hash{String => Object}]
      def to_h = @kept

      # @return [Hash{String => Object}] that says which contacts
      def of_contacts = @kept.slice("inbox", "label", "since")

      def conversations? = @kept["conversations"] == true

      def messages? = @kept["messages"] == true

      # @return [ActiveRecord::Relation<Contact>] those that the connection brings, and those of whom no statement can
      #   tell whether they are of its countries: {here} does
      def contacts(hook)
        all = routed(Reach.of(::Contact.unscoped.where(account_id: hook.account_id), hook), hook, "contact")
        all = all.where(<<~SQL.squish, @kept["inbox"]) if @kept["inbox"]
          EXISTS (SELECT 1 FROM contact_inboxes there WHERE there.contact_id = contacts.id AND there.inbox_id = ?)
        SQL
        all = all.where(<<~SQL.squish, @kept["label"]) if @kept["label"]
          EXISTS (SELECT 1 FROM taggings JOIN tags ON tags.id = taggings.tag_id
            WHERE taggings.taggable_type = 'Contact' AND taggings.taggable_id = contacts.id
              AND taggings.context = 'labels' AND lower(tags.name) = lower(?))
        SQL
        return all unless @kept["since"]

        all.where("contacts.created_at >= :since OR contacts.last_activity_at >= :since",
                  since: ::Time.zone.parse(@kept["since"]).utc)
      end

      # @param ids [Range, Array<Integer>] of contacts
      # @return [ActiveRecord::Relation<Contact>] those of them that the connection brings
      def here(hook, ids)
        some = contacts(hook).where(id: ids)
        by_country?(hook) ? some.where(id: Route.of(hook.settings.to_h).pluck("contact", some).map(&:first)) : some
      end

      # @param of [Integer, ActiveRecord::Relation<Contact>]
      # @return [ActiveRecord::Relation<Conversation>] those of some contacts, but for what is another Krayin's
      def conversations(hook, of) = routed(::Conversation.unscoped.where(contact_id: of), hook, "conversation")

      # @param of [Integer, ActiveRecord::Relation<Contact>]
      # @return [ActiveRecord::Relation<Message>] those that people see of these conversations
      def messages(hook, of)
        talks = conversations(hook, of).select(:id)
        ::Message.unscoped.where(conversation_id: talks, private: false, message_type: [0, 1])
      end

      # Goes through an account's contacts in short statements.
      # @yieldparam ids [Range] of contacts; not all of them are chosen
      def each_range(hook)
        after = 0
        loop do
          last = ::Contact.unscoped.where(account_id: hook.account_id).where("id > ?", after).order(:id).limit(PAGE)
                          .pluck(:id).last
          return unless last

          yield (after + 1)..last
          after = last
        end
      end

      private

      # Whether a contact's country may lead to its Krayin, which no statement tells.
      def by_country?(hook) = Route.list(hook.settings.to_h["route_countries"]).any?

      def routed(records, hook, kind)
        route = Route.of(hook.settings.to_h)
        route.all? || by_country?(hook) ? records : records.where(route.sql(kind))
      end
    end
  end
end
