# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Why a Krayin cannot be connected to, or works no more, as its administrator is told it.
    class ConnectionFailure
      include Opaque

      NOT_CHECKED = "not_checked"
      # Which setting a problem of these beginnings is about, where it names none.
      FIELDS = { "address" => "api_url", "token" => "api_token", "mapped" => "field_mapping",
                 "pipeline" => "lead_pipeline_id", "stage" => "lead_pipeline_stage_id", "user" => "api_token" }.freeze
      # What Krayin's refusals are made of: a message, in words of its version and language, and more in debug mode.
      REFUSAL = %w[message exception file line trace].freeze
      # What Krayin says of who is asking.
      OF_TOKEN = [AuthenticationError, PermissionError].freeze
      private_constant :NOT_CHECKED, :FIELDS, :REFUSAL, :OF_TOKEN

      # @param problem [Reason, nil] of a {ConfigurationError}
      # @return [String, nil] the key of the setting that it is about
      def self.field_of(problem)
        problem && (problem.params["key"] || FIELDS[problem.code[/\A[a-z]+/]])
      end

      # @param error [Error, Timeout::Error]
      # @param settings [Hash{String => Object}] of the hook, whose language it is said in
      def initialize(error, settings)
        @error = error
        @settings = settings
      end

      # @return [String] what an administrator should know of it, and do about it
      def sentence = reason.sentence(HookSettings.locale(@settings))

      # @return [String, nil] the key of the setting that it is about
      def field
        return self.class.field_of(@error.problems.first) if @error.is_a?(ConfigurationError)

        of_token? && !passing? ? "api_token" : "api_url"
      end

      # @return [Boolean] whether Krayin may be as it should: it could not be asked now
      def passing? = reason.code == NOT_CHECKED

      private

      # Where the address may be one of the installation's own network, all that is no answer of Krayin's reads the
      # same, whichever ports are open there.
      def reason
        @reason ||= !@error.is_a?(ConfigurationError) && inside? && !of_krayin? ? Reason.new(NOT_CHECKED) : plain_reason
      end

      def plain_reason
        case @error
        when ConfigurationError, UnexpectedResponseError, *OF_TOKEN then @error.reason
        when NotFoundError then Reason.new(UnexpectedResponseError::CODE)
        else Reason.new(NOT_CHECKED)
        end
      end

      def of_token? = OF_TOKEN.any? { |refusal| @error.is_a?(refusal) }

      # Whether Krayin itself said it.
      def of_krayin?
        return false unless of_token?

        answer = @error.response&.parsed_response
        answer.is_a?(Hash) && answer["message"].is_a?(String) && (answer.keys - REFUSAL).empty?
      end

      def inside?
        Session.new(@settings).inside?
      rescue ConfigurationError
        false
      end
    end
  end
end
