# frozen_string_literal: true

require "uri"

require_relative "doctor/finding"
require_relative "doctor/words"
require_relative "doctor/way"
require_relative "doctor/network"
require_relative "doctor/failure"
require_relative "doctor/krayin"
require_relative "doctor/report"

module KrayinSync
  # Looks at a Krayin as the set-up would, and says of each thing what it saw and the one thing that mends it. It writes
  # nothing, and goes the way that requests go: by the installation's proxy, authorities and client certificate.
  #
  #   doctor = KrayinSync::Doctor.new("https://crm.example.com", ENV.fetch("KRAYIN_TOKEN"))
  #   doctor.findings.select { |finding| finding.severity == "fail" }.map(&:advice)
  class Doctor
    include Opaque

    # What {#checks} gives, as version 0.1 had it.
    # @!attribute verdict [r] "ok", "note", "warn" or "FAIL"
    Check = Struct.new(:verdict, :name, :text)

    # In the order in which they are looked at: what comes after one that failed is not known.
    ORDER = %w[settings address token user pipeline source type].freeze

    # Seconds by which two clocks may differ.
    CLOCK = 60

    # @param api_url [String]
    # @param api_token [String]
    # @param settings [Hash] those of a hook, where there is one
    def initialize(api_url, api_token, settings: {})
      @url = JsonSafe.of(api_url.to_s).strip
      @settings = Arguments.settings(settings).transform_keys(&:to_s).merge("api_url" => api_url,
                                                                            "api_token" => api_token)
      @settings = { "attempt_timeout" => 15, "deadline" => 30 }.merge(@settings)
      @words = Words.new(Settings.locale(@settings))
    end

    # @return [Array<Finding>] in the order in which things were looked at
    def findings
      @findings ||= look
    end

    # @return [Array<Check>]
    # @deprecated since 0.2.0 (2026-11-27): {#findings}; gone in 0.4.0, not before 2027-11-27
    def checks
      Deprecation.tell("KrayinSync::Doctor#checks")
      findings.map do |finding|
        verdict = finding.severity == "fail" ? "FAIL" : finding.severity
        Check.new(verdict, finding.check, [finding.message, finding.advice].compact.join(" "))
      end
    end

    # @return [Report] the same for people and for programs
    def report = Report.new(@url, findings, words: @words)

    private

    def look
      session = WatchedSession.new(@settings)
      found = session.call(:connect)
      [*passed("pipeline", found), *tokens, *Krayin.new(session, found, @settings, @words).findings, *seen(session)]
    rescue ConfigurationError => e
      failed(Failure.of_settings(e, @words), session)
    rescue Error => e
      return [Failure.unexpected(e, @words)] unless session

      failed(Failure.new(e, session, @words).findings, session)
    end

    def failed(findings, session)
      name = findings.first.check
      passed(ORDER.take_while { |step| step != name }.last) + findings + (session ? seen(session) : [])
    end

    # What was looked at before and including a step.
    def passed(last, found = nil)
      address = if found
                  ["answers_as", { url: found["configuration"]["api_url"],
                                   dialect: found["configuration"]["api_dialect"] }]
                else
                  ["answers"]
                end
      told = { "settings" => ["settings_fit"], "address" => address, "token" => ["token_accepted"],
               "user" => ["sees_all"] }
      steps = last ? ORDER[0..ORDER.index(last)] : []
      steps.filter_map { |step| @words.ok(step, *told[step]) if told[step] }
    end

    # Each of several: the others hide that one is refused.
    def tokens
      all = @settings["api_token"].to_s.split.uniq
      return [] if all.size < 2

      all.each.with_index(1).filter_map do |token, place|
        WatchedSession.new(@settings.merge("api_token" => token)).call(:connect) && nil
      rescue AuthenticationError, PermissionError
        @words.warn("tokens_refused", "token", { place: place, count: all.size })
      end
    end

    # What the answers told beside what they were asked for.
    def seen(session) = [clock(session), budget(session)].compact

    def clock(session)
      told = session.attempts.filter_map { |attempt| attempt[:date] && attempt }.last
      return unless told

      off = (told[:at] - Time.httpdate(told[:date])).round
      return @words.ok("clock", "clock_agrees") if off.abs <= CLOCK

      key = off.positive? ? "clock_ahead" : "clock_behind"
      @words.warn("clock_off", "clock", { seconds: off, by: off.abs }, key: key)
    rescue ArgumentError
      nil
    end

    # The header says how many; that they are a minute's is Krayin's rule, of which no header tells.
    def budget(session)
      limit = session.attempts.filter_map { |attempt| attempt[:limit] }.last
      return @words.note("limit", "server", { limit: limit }) if limit
      return if session.attempts.none? { |attempt| attempt[:status] == 200 }

      @words.note("limit_unannounced", "server")
    end

    # Keeps what its attempts told.
    class WatchedSession < Session
      # @return [Array<Hash{Symbol => Object}>]
      def attempts = @attempts ||= []

      def observer = Watch.new(attempts)
    end

    # Hears of attempts.
    class Watch
      def initialize(attempts)
        @attempts = attempts
      end

      def begin(_json) = []

      def call(json) = @attempts << JSON.parse(json, symbolize_names: true).merge(at: Time.now)
    end
    private_constant :WatchedSession, :Watch
  end
end
