# frozen_string_literal: true

module KrayinSync
  class Doctor
    # What findings say, in the language of the installation or of the hook. The sentences stand in words.yml.
    # @api private
    class Words
      FILE = File.expand_path("words.yml", __dir__)

      # @return [Hash{String => Hash{String => Array<String>}}] what was seen and what to do, by key and language
      def self.table
        require "yaml"
        @table ||= YAML.safe_load_file(FILE, aliases: true).freeze
      end

      # @return [String] the locale, for the sentences of reasons
      attr_reader :locale

      # @param locale [#to_s] pt_BR and the like; English where it is none of the three
      def initialize(locale)
        @locale = locale.to_s
        @language = Reason.language(@locale)
      end

      # @param key [String] of words.yml
      # @return [Array(String, String), Array(String)]
      def say(key, details = {})
        values = details.to_h { |name, value| [name.to_sym, value.is_a?(Array) ? value.first(3).join(", ") : value] }
        self.class.table.fetch(key).fetch(@language).map { |text| format(text, values) }
      end

      # @param key [String] of what is said, where that is not told by the code
      # @return [Finding]
      def finding(severity, code, check, details = {}, key: code)
        message, advice = say(key, details)
        Finding.new(severity, code, check, message, advice, details.transform_keys(&:to_s))
      end

      def fail(...) = finding("fail", ...)

      def warn(...) = finding("warn", ...)

      def note(...) = finding("note", ...)

      # All is well.
      # @return [Finding]
      def ok(check, key, details = {}) = Finding.ok(check, say(key, details).first)
    end
    private_constant :Words
  end
end
