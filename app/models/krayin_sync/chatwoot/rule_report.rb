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

      # @param id [Integer] the conversation's
      def initialize(id)
        @id = id
      end

      # @return [Array<String>]
      def lines
        account = ::Conversation.unscoped.where(id: @id).pick(:account_id)
        return ["There is no conversation #{@id}."] unless account

        hooks = HookSettings.hooks(account)
        hooks.flat_map { |hook| [*("#{HookSettings.name(hook.settings)}:" if hooks.many?), *lines_of(hook)] }
      end

      def inspect = "#<#{self.class.name} #{@id}>"

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
