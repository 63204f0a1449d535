# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # How a connection stands: whether it works, since when not, and what its Krayin takes. Nothing is asked of Krayin.
    class Standing
      include Opaque

      # @param hook [Integrations::Hook]
      def initialize(hook)
        @hook = hook
        @settings = hook.settings.to_h
      end

      # @return [Hash{Symbol => Object}] id, name, address, state (working, waiting, down, refused, unready or
      #   disabled), sentence, since (where known), tokens, budget (limit and remaining requests a minute, as Krayin
      #   last said; nil where it said nothing of late), waiting (records whose jobs are to come), learned_at
      def to_h
        { id: @hook.id, name: HookSettings.name(@settings), address: @settings["api_url"],
          krayin: KrayinPages.root(@settings), state: state, sentence: sentence,
          since: since&.utc&.iso8601, tokens: @settings["api_token"].to_s.split.uniq.size, budget: budget,
          waiting: JobRegistry.waiting(@hook.id), learned_at: learned_at }
      end

      private

      def state
        @state ||= told_by_hook || (breaker.open_since && "down") || (spent? ? "waiting" : "working")
      end

      # What the hook says of itself was so when it was set up.
      def sentence
        return StandingWords.of(@hook) unless state == "down"

        Reason.new(UnavailableError::CODE).sentence(HookSettings.locale(@settings))
      end

      def told_by_hook
        return "disabled" if @hook.disabled?
        return "refused" if @settings["setup_error"]

        "unready" unless @settings["traits"]
      end

      def spent? = budget.to_h["remaining"]&.zero? && JobRegistry.waiting(@hook.id).positive?

      def since
        case state
        when "refused" then ::Time.zone.parse(@settings["setup_error_at"].to_s)
        when "down" then breaker.open_since
        end
      end

      def connection = @connection ||= RedisStore.connection_id(@settings)

      def breaker = @breaker ||= Breaker.new(connection)

      # Of several tokens no one number tells.
      def budget
        return @budget if defined?(@budget)

        told = KrayinSync.metrics.respond_to?(:budget) ? KrayinSync.metrics.budget(connection) : {}
        @budget = told.empty? ? nil : told
      end

      def learned_at
        at = @settings.dig("traits", "learned_at")
        at && ::Time.at(at.to_i).utc.iso8601
      end
    end
  end
end
