# frozen_string_literal: true

module KrayinSync
  # Why something is as it is: a stable code, its parameters, which hold nothing personal, and a sentence for people.
  # Outcomes have some, links keep one, errors and refused events have one each.
  #
  #   KrayinSync::Reason.new("field_kept", entity: "lead", field: "title").sentence("es")
  #   # => "El campo «título» del lead se cambió en Krayin y se deja como está."
  class Reason
    # What people may read it in.
    LANGUAGES = %w[en pt es].freeze

    # @return [String]
    attr_reader :code
    # @return [Hash{String => Object}]
    attr_reader :params

    # @param code [#to_s] one of the core's
    def initialize(code, **params)
      @code = code.to_s
      @params = params.transform_keys(&:to_s)
    end

    # @param kept [Hash{#to_s => Object}] as an outcome or a link has it
    # @return [Reason]
    def self.of(kept)
      kept = kept.to_h.transform_keys(&:to_sym)
      new(kept[:code], **(kept[:params] || kept.except(:code)).to_h.transform_keys(&:to_sym))
    end

    # @param locale [#to_s] pt_BR and the like
    # @return [String] one of {LANGUAGES}; English where it is none of them
    # @api private
    def self.language(locale)
      language = locale.to_s[/\A[a-z]+/i].to_s.downcase
      LANGUAGES.include?(language) ? language : "en"
    end

    # @param locale [#to_s] pt_BR and the like; English where it is none of English, Portuguese and Spanish
    # @return [String] the code where this version has no sentence for it
    def sentence(locale = KrayinSync.configuration.locale)
      Native.reason_sentence(JSON.generate(params.merge("code" => code)), locale.to_s) || code
    end

    # @return [Hash{String => Object}] as a link keeps it
    def to_h = { "code" => code, "params" => params }

    def ==(other) = other.is_a?(Reason) && to_h == other.to_h

    alias to_s sentence

    def inspect = "#<#{self.class.name} #{code}>"
  end
end
