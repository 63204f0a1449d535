# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # An event while it is brought to Krayin, and then how it ended: what {History} is told of it.
    class Happening
      include Opaque

      # @param entry [RecordRef]
      # @param hook [Integrations::Hook]
      # @param bulk [Boolean] whether it has time
      def initialize(entry, hook, bulk: false)
        @entry = entry
        @hook = hook
        @bulk = bulk
        @at = Time.now.utc
        @clock = now
        @requests = 0
        @event = entry.kind
      end

      attr_reader :at, :requests, :contact_id, :conversation_id, :status, :reasons, :wrote, :created, :ids,
                  :duration_ms, :failure
      attr_accessor :event

      def hook_id = @entry.hook_id
      def kind = @entry.kind
      def record_id = @entry.id
      def bulk? = @bulk
      def settings = @hook.settings.to_h

      # Seconds since the event was told; nothing where that is not known.
      def delay = @entry.told_at && (Time.now.to_f - @entry.told_at)

      # An attempt has ended.
      # @return [void]
      def asked = @requests += 1

      # @param data [Hash{Symbol => Object}] the event's
      # @return [void]
      def about(data)
        talk = data[:conversation] || data.dig(:message, :conversation)
        @conversation_id = talk.to_h[:id]
        @contact_id = (data[:contact] || talk.to_h[:contact]).to_h[:id]
      end

      # @param outcome [Hash{Symbol => Object}] the processor's
      # @return [Boolean] whether there is anything to tell: not where Krayin has it as it is and was not asked
      def done(outcome)
        codes = outcome[:codes].to_a.map { |code| Reason.of(code) }
        return false if @requests.zero? && codes.first&.code == "unchanged"

        @created = outcome[:created].to_a
        finish(outcome[:doubtful].to_a.any? ? "doubtful" : outcome[:status].to_s, codes, outcome[:ids].to_h)
        @wrote = @created.map { |what| "+#{what}" } + outcome[:updated].to_a.map(&:to_s)
        true
      end

      # @param error [Error]
      # @return [Boolean] as of {done}: not where it waits for a minute's budget and nothing was sent
      def failed(error)
        return false if error.is_a?(RateLimitError) && @requests.zero?

        @failure = error.reason.code
        refused = Setback::REFUSED.any? { |refusal| error.is_a?(refusal) }
        finish(refused ? "refused" : "waiting", [error.reason], {})
        true
      end

      private

      def finish(status, reasons, ids)
        @status = status
        @reasons = reasons
        @ids = ids.transform_keys(&:to_sym)
        @created ||= []
        @wrote = []
        @contact_id ||= record_id if %w[contact contact_deletion erasure lead_move].include?(kind)
        @conversation_id ||= record_id if %w[conversation conversation_deletion].include?(kind)
        @duration_ms = ((now - @clock) * 1000).round
      end

      def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
  end
end
