# frozen_string_literal: true

require "cgi"

module KrayinSync
  module Chatwoot
    # The words of a notice, in the account's language. They stand in notice_words.yml: what is so, and what to do.
    class NoticeWords
      include Opaque

      FILE = File.expand_path("../../../../lib/krayin_sync/chatwoot/notice_words.yml", __dir__)

      # @return [Hash{String => Hash{String => Array<String>}}] by cause and language
      def self.table = @table ||= YAML.safe_load_file(FILE).freeze

      # @param hook [Integrations::Hook]
      # @param cause [String]
      # @param since [String] ISO 8601
      def initialize(hook, cause, since, over:)
        @hook = hook
        @over = over
        language = HookSettings.language(hook)
        @words = self.class.table.fetch(over ? "over" : cause).fetch(language)
        @more = self.class.table.fetch("page").fetch(language).first
        @values = { name: HookSettings.name(hook.settings), since: "#{since[0, 16].tr("T", " ")} UTC" }
      end

      # @return [String]
      def subject = format(@words.first, @values)

      # @return [Array<String>]
      def paragraphs = @words.drop(1).map { |text| format(text, @values) } + [*(StandingWords.of(@hook) unless @over)]

      # @param page [String] where more is to be seen
      # @return [String]
      def to_html(page)
        [*paragraphs.map { |text| "<p>#{CGI.escapeHTML(text)}</p>" },
         %(<p><a href="#{CGI.escapeHTML(page)}">#{CGI.escapeHTML(@more)}</a></p>)].join("\n")
      end
    end
  end
end
