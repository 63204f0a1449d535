# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # The doctor's look at a connection's Krayin, while somebody waits for the page: which server answers, what the
    # token's user may and how many requests it has, and the one thing that mends what is wrong.
    class Check
      include Opaque

      # Seconds of the whole, and of one attempt.
      DEADLINE = 12
      ATTEMPT = 6

      # @param hook [Integrations::Hook]
      # @param locale [#to_s] of the sentences
      def initialize(hook, locale:)
        @hook = hook
        @locale = locale
      end

      # @return [Hash{Symbol => Object}] status (ok, warn or fail) and findings: severity (ok, note, warn or fail),
      #   check (what was looked at: settings, address, token, user, pipeline, source, type, server or clock), code (nil
      #   where all is well), message (what was seen) and advice (what to do, where there is anything)
      def to_h
        report = Doctor.new(*settings.values_at("api_url", "api_token"), settings: settings).report
        { status: report.status, findings: report.findings.map { |found| told(found) } }
      end

      private

      def settings
        @settings ||= @hook.settings.to_h.merge("language" => @locale.to_s, "deadline" => DEADLINE,
                                                "attempt_timeout" => ATTEMPT)
      end

      def told(found)
        { severity: found.severity, check: found.check, code: found.code, message: found.message,
          advice: found.advice }
      end
    end
  end
end
