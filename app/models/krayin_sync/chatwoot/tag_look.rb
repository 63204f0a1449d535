# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Which tags colleagues have put on persons and leads, and taken off, in the same look as the leads. No answer shows
    # the tags of a record, but a search finds who bears one: some tags in turn, and who bears it is held against who
    # bore it the last time. See {TaggedContact} for what becomes of it.
    class TagLook
      include Opaque

      # Searches of one look.
      TURNS = 2
      # Bearers of a tag; of one that more bear nothing is known.
      MOST = 1000
      # What a search must not find: no tag has such a number, and 0 would be no condition to some servers.
      NOBODY = 4_294_967_295
      ENTITIES = { "person" => PersonReader::PERSONS, "lead" => LeadReader::LEADS }.freeze
      # Days for which the number of a tag is known that one of ours has made.
      KNOWN = 30
      NOT_SERVED = [NotFoundError, ServerError, ValidationError].freeze
      private_constant :NOT_SERVED

      class << self
        # @param settings [Hash{String => Object}] a hook's
        def on?(settings) = Settings.on?(settings, "two_way_tags") && entities(settings).any?

        # @return [Array<String>] whose tags are looked at
        def entities(settings)
          case Settings.choice(settings, "label_tags")
          when "person" then %w[person]
          when "person_and_lead" then %w[person lead]
          else []
          end
        end

        # What was put on as tags is known by its numbers before the next set-up reads them.
        # @return [void]
        def learn(hook, contact_id)
          marks = LinkStore.of(hook, kind: "contact", record_id: contact_id).pick(:sent).to_h
          marks.each do |name, mark|
            id = mark.to_i
            next unless name.start_with?(TaggedContact::MARK) && id.positive?

            label = name.delete_prefix(TaggedContact::MARK)
            RedisStore.call("HSET", key(hook), label, id)
            RedisStore.call("EXPIRE", key(hook), KNOWN * 86_400)
          end
        end

        # @return [Hash{String => Integer}] the tags of the account's labels, by the label
        def tags(hook)
          read = hook.settings.dig("traits", "tags").to_a.to_h { |id, name| [name.to_s.strip.downcase, id] }
          made = RedisStore.call("HGETALL", key(hook))
          made = made.each_slice(2).to_h if made.is_a?(Array)
          known = read.merge(made.transform_values(&:to_i))
          labels = ::Label.where(account_id: hook.account_id).order(:id).pluck(:title)
          labels.to_h { |title| [title, known[title.to_s.strip.downcase]] }.compact
        end

        private

        def key(hook) = RedisStore.key("tags", HookSettings.instance(hook), hook.id)
      end

      # @param hook [Integrations::Hook]
      # @param krayin [PersonReader]
      # @param state [Hash{String => Object}, nil] what the look before has left
      # @param began [Time]
      def initialize(hook, krayin, state, began:)
        @hook = hook
        @krayin = krayin
        @state = { "turn" => 0, "borne" => {} }.merge(state.to_h)
        @began = began
        @written = 0
        @busy = false
      end

      # @return [Hash{String => Object}] what the next look begins with
      attr_reader :state
      # @return [Integer] contacts
      attr_reader :written

      def busy? = @busy

      # @return [self]
      def look
        turns = self.class.tags(@hook).to_a.product(self.class.entities(@hook.settings.to_h))
        return self if turns.empty? || !searches?

        now = turns.rotate(@state["turn"] % turns.size).first(TURNS)
        now.each { |(label, tag), entity| look_at(label, tag, entity) }
        known = turns.map { |(_, tag), entity| "#{entity}:#{tag}" }
        @state = @state.merge("turn" => (@state["turn"] + TURNS) % turns.size, "borne" => @state["borne"].slice(*known))
        self
      end

      private

      # Whether it does search: who knows no such search finds everybody, or fails.
      def searches?
        return @state["searches"] if @state.key?("searches")

        found = self.class.entities(@hook.settings.to_h).map { |entity| tagged(entity, NOBODY) }
        @state = @state.merge("searches" => found.all?(&:empty?))
        @state["searches"]
      rescue *NOT_SERVED
        @state = @state.merge("searches" => false)
        false
      end

      def tagged(entity, tag) = @krayin.tagged(ENTITIES.fetch(entity), tag, limit: MOST)

      def look_at(label, tag, entity)
        bearers = tagged(entity, tag)
        return if bearers.size >= MOST

        borne = @state["borne"].fetch("#{entity}:#{tag}", [])
        contacts = contacts_of(entity, bearers | borne)
        now = bearers & contacts.keys
        turned = (now - borne) | (borne - bearers)
        later = turned.select { |id| take(label, tag, [entity, id], contacts.fetch(id, []), on: bearers.include?(id)) }
        @busy ||= turned.any?
        @state["borne"]["#{entity}:#{tag}"] = (now - later) | (later & borne)
      end

      # @return [Boolean] whether it is to be looked at again
      def take(label, tag, record, contacts, on:)
        came = contacts.map do |id|
          TaggedContact.new(@hook, id, label, tag, began: @began).take(record, on: on)
        end
        @written += came.count(:written)
        came.include?(:later)
      end

      def contacts_of(entity, ids)
        LeadLook.contacts_of(@hook, ids, by: :"#{entity}_id")
      end
    end
  end
end
