# frozen_string_literal: true

module KrayinSync
  # The root of all that is raised here. No message and no inspect holds a token, an e-mail address, a phone number or
  # a body; each message ends with what to do next.
  class Error < StandardError
    # The code of {#reason}.
    CODE = "internal_error"

    # @return [Reason] why, as it is kept with a link and said to people in their language
    def reason = Reason.new(self.class::CODE)
  end

  # The settings cannot be used. Raised before anything is created.
  class ConfigurationError < Error
    CODE = "settings_wrong"
  end

  # The event cannot be run: its name is unknown, or its record is missing. Raised before anything is sent.
  class EventError < Error
    CODE = "event_wrong"
  end

  # The ids could not be loaded or stored. Run the event again.
  class RecordsError < Error
    CODE = "records_unavailable"
  end

  # The process can have no more threads, files or memory. Nothing was sent: run it again when it can.
  class ResourceError < Error
    CODE = "resources_spent"
  end

  # Only a person can tell whom a contact is in Krayin; nothing was written. The message names the ids of both.
  class DoubtfulError < Error
    CODE = "doubtful"

    # @return [Integer, nil] the contact's id in Chatwoot
    attr_reader :contact_id
    # @return [Array<Integer>] the ids in Krayin of those whom it may be
    attr_reader :person_ids

    def initialize(message = nil, contact_id: nil, person_ids: [])
      super(message)
      @contact_id = contact_id
      @person_ids = person_ids
    end

    def reason = Reason.new(CODE, contact: contact_id.to_i, persons: person_ids)
  end

  # Nothing is to be decided about the contact, or not about that person. Nothing was kept.
  class DecisionError < Error
    CODE = "nothing_to_decide"
  end

  # A bug in the Rust core. Nothing is lost: run the event again, and report it.
  class InternalError < Error; end

  # A call to Krayin failed.
  class ApiError < Error
    CODE = "server_failed"

    # @return [Integer, nil] the HTTP status, where there was an answer
    attr_reader :code
    # @return [Response, nil] the answer
    attr_reader :response
    # @return [String, nil] GET, POST, PUT or DELETE
    attr_reader :request_method
    # @return [String, nil] the path, ids in it, without query
    attr_reader :path
    # @return [Integer] how many attempts were made
    attr_reader :attempts
    # @return [:yes, :no, :unknown] whether Krayin acted on the request: what is not known is looked for before it is
    #   repeated
    attr_reader :executed
    # @return [Float, nil] seconds after which it makes sense to come back
    attr_reader :retry_after
    # @return [Hash{String => Array<String>}] the server's own words by field, where it named fields
    attr_reader :errors

    # @return [String, nil] the request's id in the answer's X-Request-Id, else the one that was sent along
    def request_id = response_id || @request_id

    # @api private
    attr_writer :request_id

    alias status_code code

    def initialize(message = nil, code = nil, response = nil, **attributes)
      super(message)
      @code = code
      @response = response
      @request_method = attributes["request_method"] || attributes[:request_method]
      @path = attributes["path"] || attributes[:path]
      @attempts = attributes["attempts"] || attributes[:attempts] || 1
      executed = attributes["executed"] || attributes[:executed] || :no
      @executed = executed == true ? :unknown : executed.to_sym
      @retry_after = attributes["retry_after"] || attributes[:retry_after]
      @errors = attributes["errors"] || attributes[:errors] || {}
    end

    # Whether Krayin may have acted on the request: look before repeating it.
    def executed? = executed != :no

    # Whether the same call may succeed later without anyone changing anything.
    def retriable?
      is_a?(RateLimitError) || is_a?(ServerError) || is_a?(UnavailableError) || is_a?(TimeoutError)
    end

    def rate_limited? = is_a?(RateLimitError)

    def inspect = "#<#{self.class.name}: #{message}>"

    private

    def response_id
      id = response.headers["x-request-id"] if response.respond_to?(:headers) && response.headers.is_a?(Hash)
      id if id.to_s.match?(%r{\A[\w.:/+=-]{1,128}\z})
    end
  end

  # The token was refused.
  class AuthenticationError < ApiError
    CODE = "token_refused"
  end

  # The token's user may not do this.
  class PermissionError < ApiError
    CODE = "permission_missing"
  end

  # The record is not there.
  class NotFoundError < ApiError
    CODE = "record_missing"
  end

  # Krayin does not take the values; {#errors} names the fields.
  class ValidationError < ApiError
    CODE = "values_refused"

    def reason = Reason.new(CODE, fields: errors.keys)
  end

  # Another record has a value that must be unique; {#errors} names the fields.
  class ConflictError < ApiError
    CODE = "value_taken"

    def reason = Reason.new(CODE, fields: errors.keys)
  end

  # Krayin takes no more requests for now; {#retry_after} says until when.
  class RateLimitError < ApiError
    CODE = "requests_spent"
  end

  # Krayin failed while it ran the request.
  class ServerError < ApiError
    CODE = "server_failed"
  end

  # Krayin cannot be reached, or says that it cannot work now.
  class UnavailableError < ApiError
    CODE = "server_unavailable"
  end

  # No answer in time.
  class TimeoutError < ApiError
    CODE = "no_answer"
  end

  # Something before Krayin, a firewall, does not let this one request through, also not in plainer words.
  class BlockedError < ApiError
    CODE = "request_blocked"
  end

  # The answer is not one of Krayin's.
  class UnexpectedResponseError < ApiError
    CODE = "not_krayin"
  end
end
