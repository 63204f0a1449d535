# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # How the rules for stages stand with a conversation, in each Krayin of its account.
    class RuleReport
      WORDS = {
        "fired" => "has fired, and does not again for this conversation",
        "due" => "fires with the conversation's next event, where its contact has a lead that stands before that stage",
        "no_such_stage" => "waits: no pipeline of Krayin's has this stage",
        "not_yet" => "has not fired: this has not happened in the conversation"
      }.freeze

      # @param conversation [#to_s] its id; or its account's and the number that people see: "3:42"
      # @raise [ArgumentError] where it is neither
      def initialize(conversation)
        @named = conversation.to_s
        one, number = @named.split(":", 2).map { |part| Integer(part, 10) }
        raise ArgumentError, "which conversation, its id or ACCOUNT:NUMBER" unless one

        talks = ::Conversation.unscoped
        @id = number ? talks.where(account_id: one, display_id: number).pick(:id) : one
      end

      # @return [Array<String>]
      def lines
        account = ::Conversation.unscoped.where(id: @id).pick(:account_id)
        return ["There is no conversation #{@named}."] unless account

        hooks = HookSettings.hooks(account)
        return ["There is no Krayin connection."] if hooks.empty?

        hooks.flat_map { |hook| [*("#{HookSettings.name(hook.settings)}:" if hooks.many?), *lines_of(hook)] }
      end

      def inspect = "#<#{self.class.name} #{@named}>"

      private

      def lines_of(hook)
        records = LinkStore.new(instance: HookSettings.instance(hook))
        data = EventData.read("conversation", @id, records, labels: true, sources: Settings.sources(hook.settings))
        kept = records.load("conversation", @id) || "{}"
        rows = JSON.parse(Native.explain_rules(KrayinSync::Snapshot.conversation_json(data[:conversation]), kept,
                                               SettingsJson.of(hook.settings)))
        return ["There are no rules, or stage_progression_enabled is off."] if rows.empty?

        rows.map { |row| "#{row["rule"]}: #{WORDS.fetch(row["state"])}" }
      end
    end
  end
end
