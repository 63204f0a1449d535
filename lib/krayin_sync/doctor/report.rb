# frozen_string_literal: true

module KrayinSync
  class Doctor
    # What was found, for people and for programs.
    class Report
      # The version of {#to_json}'s form.
      VERSION = 1
      # What the process ends with: all is well; something keeps it from working; it works, but.
      STATUS = { "ok" => 0, "fail" => 1, "warn" => 3 }.freeze
      COLOURS = { "ok" => 32, "note" => 36, "warn" => 33, "fail" => 31 }.freeze
      private_constant :COLOURS

      # @return [Array<Finding>]
      attr_reader :findings

      # @param words [#say, nil] in whose language the summary is
      def initialize(url, findings, words: nil)
        @url = url
        @findings = findings
        @words = words || Words.new(KrayinSync.configuration.locale)
      end

      # @return [String] "ok", "warn" or "fail"
      def status = %w[fail warn].find { |severity| findings.any? { |found| found.severity == severity } } || "ok"

      # @return [Integer] 0, 1 or 3
      def exit_status = STATUS.fetch(status)

      # @param colour [Boolean]
      # @return [String] a line a finding, and below it what to do
      def to_text(colour: false)
        findings.map { |finding| text(finding, colour) }.join << "#{summary}\n"
      end

      # @return [String]
      def to_json(*)
        JSON.pretty_generate("version" => VERSION, "url" => shown_url, "status" => status, "exit_status" => exit_status,
                             "findings" => findings.map(&:to_json_hash))
      end

      private

      def text(finding, colour)
        verdict = format("%-5s", finding.severity == "fail" ? "FAIL" : finding.severity)
        verdict = "\e[#{COLOURS.fetch(finding.severity)}m#{verdict}\e[0m" if colour
        line = format("%<verdict>s %<check>-9s %<message>s", verdict: verdict, check: finding.check,
                                                             message: finding.message)
        [line.rstrip, ("                → #{finding.advice}" if finding.advice)].compact.join("\n") << "\n"
      end

      def summary
        counts = findings.map(&:severity).tally
        key = { "fail" => "cannot_be_connected", "warn" => "can_be_connected_warned" }.fetch(status, "can_be_connected")
        @words.say(key, { count: counts["warn"] }).first
      end

      # No user, no query.
      def shown_url
        uri = URI.parse(Native.plain_address(@url).to_s)
        return unless uri.host

        port = ":#{uri.port}" unless uri.port == uri.default_port
        "#{uri.scheme}://#{uri.host}#{port}#{uri.path.chomp("/")}"
      rescue URI::InvalidURIError
        nil
      end
    end
  end
end
