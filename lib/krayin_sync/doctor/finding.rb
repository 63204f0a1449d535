# frozen_string_literal: true

module KrayinSync
  class Doctor
    # One thing that was looked at.
    #
    # @!attribute severity [r] "ok", "note" (good to know), "warn" (it works, something will be missing) or "fail"
    # @!attribute code [r] the same from version to version; nil where all is well
    # @!attribute check [r] what was looked at: settings, address, token, user, pipeline, source, type, clock, server
    # @!attribute message [r] what was seen
    # @!attribute advice [r] the one thing to do, nil where there is none
    # @!attribute details [r] numbers and names for programs
    Finding = Struct.new(:severity, :code, :check, :message, :advice, :details) do
      def self.ok(check, message) = new("ok", nil, check, message, nil, {})

      def self.note(code, check, message, details = {}) = new("note", code, check, message, nil, details)

      def initialize(*given)
        super
        self.details ||= {}
      end

      # @return [Hash{String => Object}]
      def to_json_hash
        { "severity" => severity, "code" => code, "check" => check, "message" => message, "advice" => advice,
          "details" => details }
      end
    end
  end
end
