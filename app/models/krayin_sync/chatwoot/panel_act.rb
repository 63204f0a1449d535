# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What an agent has asked for in a panel: kept before anything is sent, by a key that the page has made, so that
    # what is asked twice is done once.
    class PanelAct < ::ActiveRecord::Base
      self.table_name = "krayin_sync_acts"

      # What each kind needs, and what it may have besides.
      KINDS = {
        "stage" => [%w[lead stage from], %w[reason]], "value" => [%w[lead value], %w[from]],
        "owner" => [%w[lead owner], %w[from]], "closing_date" => [%w[lead], %w[closing_date from]],
        "note" => [%w[text], %w[lead]], "lead" => [%w[title], %w[source value]], "attach" => [%w[lead], []],
        "product" => [%w[lead product quantity price], %w[from]]
      }.freeze
      ASKED = KINDS.values.flatten.uniq.freeze
      IDS = %w[lead stage owner source product].freeze
      AMOUNTS = %w[value price quantity].freeze
      LONGEST = { "title" => 200, "reason" => 1000, "text" => 20_000 }.freeze
      MOST = 99_999_999
      # Characters of a key.
      KEY = /\A[\w-]{16,64}\z/
      # Days for which it is kept what became of it.
      KEPT = 30
      # Seconds after which its job was lost.
      LOST = 120
      private_constant :IDS, :AMOUNTS, :LONGEST, :MOST, :KEY, :KEPT, :LOST

      class << self
        # Keeps it and has it done; what is there by that key already goes on.
        # @param panel [Panel]
        # @param asked [Hash{String => Object}]
        # @return [PanelAct]
        # @raise [ArgumentError]
        def ask(panel, user_id:, key:, kind:, asked:)
          raise ArgumentError, "key must be 16 to 64 letters and digits." unless key.to_s.match?(KEY)

          whose = { hook_id: panel.hook.id, key: key.to_s }
          about = { conversation_id: panel.conversation.id, contact_id: panel.conversation.contact_id, user_id: user_id,
                    kind: kind.to_s, asked: read(kind.to_s, asked) }
          act = find_by(whose) || create_or_find_by!(whose) { |row| row.assign_attributes(about) }
          same = act.attributes.slice("conversation_id", "user_id", "kind") ==
                 about.slice(:conversation_id, :user_id, :kind).transform_keys(&:to_s)
          raise ArgumentError, "key is another action's." unless same

          act.go_on
        end

        # @return [Integer] how many jobs that were lost are back
        def recover
          return 0 unless table_exists?

          where("created_at < ?", ::Time.now.utc - (KEPT * 86_400)).delete_all
          waiting = where(state: "waiting").where("updated_at < ?", ::Time.now.utc - LOST)
          waiting.count { |act| RecordRef.new(act.hook_id, "act", act.id).enqueue }
        end

        # @return [Array<PanelAct>] those of a conversation that are still to be done
        def waiting(hook_id, conversation_id)
          table_exists? ? where(hook_id: hook_id, conversation_id: conversation_id, state: "waiting").to_a : []
        end

        private

        def read(kind, asked)
          needed, more = KINDS.fetch(kind) { raise ArgumentError, "kind must be one of #{KINDS.keys.join(", ")}." }
          given = (needed + more).to_h { |name| [name, value(name, asked[name])] }
          missing = needed.find { |name| given[name].nil? }
          raise ArgumentError, "#{missing} is missing or not valid." if missing

          given.compact
        end

        def value(name, given)
          return if given.nil? || given == ""

          case name
          when *IDS then id(name, given)
          when *AMOUNTS then amount(name, given)
          when "closing_date" then day(given)
          when "from" then plain(given)
          else text(name, given)
          end
        end

        def id(name, given)
          found = Integer(given.to_s, 10, exception: false)
          found&.between?(1, Arguments::LARGEST_ID) ? found : wrong(name)
        end

        def amount(name, given)
          found = Float(given.to_s, exception: false)
          found&.between?(0, MOST) ? found.round(4) : wrong(name)
        end

        def day(given)
          text = given.to_s
          text.match?(/\A\d{4}-\d{2}-\d{2}\z/) && ::Date.iso8601(text) ? text : wrong("closing_date")
        rescue ::Date::Error
          wrong("closing_date")
        end

        # What the page has shown.
        def plain(given)
          given.is_a?(String) || given.is_a?(Numeric) ? given : wrong("from")
        end

        def text(name, given)
          found = given.to_s.strip
          return if found.empty?

          found.length <= LONGEST.fetch(name) ? found : wrong(name)
        end

        def wrong(name) = raise(ArgumentError, "#{name} is missing or not valid.")
      end

      # @return [self]
      def go_on
        RecordRef.new(hook_id, "act", id).enqueue(urgent: true) if state == "waiting"
        self
      end

      # Before what cannot be told from another's is sent.
      # @param noted [Hash{String => Object}]
      # @return [void]
      def intend(noted) = update!(intent: noted)

      # @param state [String] done, conflict or refused
      # @param told [Hash{Symbol => Object}] word (of the page's), now (what Krayin has), reason (a {Reason}'s), and ids
      # @return [void]
      def end_as(state, **told)
        # What was said is Krayin's by now.
        update!(state: state, told: told.compact, asked: asked.except("text", "title", "reason"))
      end

      # @return [Hash{Symbol => Object}] key, kind, state (waiting, done, conflict or refused), word, now and sentence
      def to_h
        reason = told["reason"]
        { key: key, kind: kind, state: state, lead: told["lead"] || asked["lead"], at: created_at.utc.iso8601,
          word: told["word"], now: told["now"], sentence: reason && Reason.of(reason).sentence(::I18n.locale) }
      end

      # What was said is nobody's who reads a log.
      def inspect = "#<#{self.class.name} #{id}>"
    end
  end
end
