# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What leads have that the set-up has not seen: somebody has made it since, and the set-up looks once more. An
    # option may be gone for good where leads have it still.
    class Unlearned
      include Opaque

      # Seconds after which it looks again for the same.
      STAGE = 300
      OPTION = 24 * 3600
      private_constant :STAGE, :OPTION

      # @param hook [Integrations::Hook]
      # @param fields [Array<MappedField>] that are shown as well
      def initialize(hook, fields)
        @hook = hook
        @settings = hook.settings.to_h
        @fields = fields
        @answers = {}
      end

      # Whether the set-up looks once more.
      def asked? = @answers.value?("OK")

      # Whether these leads are to be shown once it has.
      # @param leads [Array<Hash{String => Object}>] as Krayin answers them
      def waits?(leads) = leads.flat_map { |lead| unknown(lead) }.uniq.map { |what, seconds| ask?(what, seconds) }.any?

      private

      def unknown(lead)
        options = @fields.reject { |field| field.known?(lead) }
        options = options.map { |field| ["option:#{field.option_key(lead)}", OPTION] }
        LeadAttributes.known?(lead, @settings) ? options : [["stages", STAGE], *options]
      end

      # @return [Boolean] whether nobody has lately
      def ask?(what, seconds)
        return @answers[what] == "OK" if @answers.key?(what)

        before = asked?
        @answers[what] = RedisStore.call("SET", RedisStore.key(what, @hook.id), "1", "NX", "EX", seconds).to_s
        SetupJob.enqueue(@hook.id) if asked? && !before
        @answers[what] == "OK"
      end
    end
  end
end
