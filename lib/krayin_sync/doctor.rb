# frozen_string_literal: true

require_relative "doctor/finding"
require_relative "doctor/failure"
require_relative "doctor/krayin"
require_relative "doctor/network"
require_relative "doctor/report"

module KrayinSync
  # Looks at a Krayin as the set-up would, and says of each thing what it saw and the one thing that mends it. It writes
  # nothing.
  #
  #   doctor = KrayinSync::Doctor.new("https://crm.example.com", ENV.fetch("KRAYIN_TOKEN"))
  #   doctor.findings.select { |finding| finding.severity == "fail" }.map(&:advice)
  class Doctor
    include Opaque

    # As version 0.1 had it.
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
      @url = api_url.to_s.strip
      @settings = Arguments.settings(settings).transform_keys(&:to_s).merge("api_url" => api_url,
                                                                            "api_token" => api_token)
      @settings = { "attempt_timeout" => 15, "deadline" => 30 }.merge(@settings)
    end

    # @return [Array<Finding>] in the order in which things were looked at
    def findings
      @findings ||= look
    end

    # @return [Array<Check>]
    def checks
      findings.map do |finding|
        verdict = finding.severity == "fail" ? "FAIL" : finding.severity
        Check.new(verdict, finding.check, [finding.message, finding.advice].compact.join(" "))
      end
    end

    # @return [Report] the same for people and for programs
    def report = Report.new(@url, findings)

    def inspect = "#<#{self.class.name}>"

    private

    def look
      session = WatchedSession.new(@settings)
      found = session.call(:connect)
      [*passed("pipeline", found), *Krayin.new(session, found, @settings).findings, *seen(session)]
    rescue ConfigurationError => e
      failed(Failure.of_settings(e), session)
    rescue Error => e
      failed(Failure.new(e, @url, @settings).findings, session)
    end

    def failed(findings, session)
      name = findings.first.check
      passed(ORDER.take_while { |step| step != name }.last) + findings + (session ? seen(session) : [])
    end

    # What was looked at before and including a step.
    def passed(last, found = nil)
      told = { "settings" => "address and token have the right form",
               "address" => if found
                              "#{found["configuration"]["api_url"]} answers, dialect " \
                                "#{found["configuration"]["api_dialect"]}"
                            else
                              "answers"
                            end,
               "token" => "accepted", "user" => "sees all records" }
      steps = last ? ORDER[0..ORDER.index(last)] : []
      steps.filter_map { |step| Finding.ok(step, told[step]) if told[step] }
    end

    # What the answers told beside what they were asked for.
    def seen(session) = [clock(session), budget(session)].compact

    def clock(session)
      told = session.attempts.filter_map { |attempt| attempt[:date] && attempt }.last
      return unless told

      off = (told[:at] - Time.httpdate(told[:date])).round
      return Finding.ok("clock", "agrees with Krayin's web server") if off.abs <= CLOCK

      Finding.new("warn", "clock_off", "clock",
                  "this machine's clock is #{off.abs} s #{off.positive? ? "ahead of" : "behind"} that of Krayin's " \
                  "web server",
                  "Have both machines set their clocks by NTP (timedatectl set-ntp true).", { "seconds" => off })
    rescue ArgumentError
      nil
    end

    def budget(session)
      limit = session.attempts.filter_map { |attempt| attempt[:limit] }.last
      if limit
        return Finding.note("limit", "server", "#{limit} requests a minute for the token's user",
                            "limit" => limit)
      end
      return if session.attempts.none? { |attempt| attempt[:status] == 200 }

      Finding.note("limit_unannounced", "server", "no limit is announced")
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
