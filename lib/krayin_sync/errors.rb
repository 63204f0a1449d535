# frozen_string_literal: true

module KrayinSync
  # The root of all that is raised here. No message and no inspect holds a token, an e-mail address, a phone number or
  # a body; each message ends with what to do next. Each class has one comment: what happened, what to do next, whether
  # the same call may succeed later, whether Krayin acted, and the code of its reason.
  class Error < StandardError
    # The code of {#reason}.
    CODE = "internal_error"
    # What to do next; the core's own word for a call that failed.
    ADVICE = nil
    # Whether the same call may succeed later without anyone changing anything.
    RETRIABLE = false

    class << self
      # The classes that are raised, from the types: the documentation's table is made of it.
      # @return [Array<Hash{Symbol => Object}>] class, code, advice, retriable, executed (of :yes, :no, :unknown)
      def table
        own = [ConfigurationError, EventError, RecordsError, ResourceError, DoubtfulError, DecisionError,
               ExtensionError, InternalError].map do |error|
          { class: error, code: error::CODE, advice: error::ADVICE, retriable: error::RETRIABLE,
            executed: error::EXECUTED }
        end
        own + JSON.parse(Native.errors, symbolize_names: true).map do |row|
          { class: KrayinSync.const_get(row[:class]), code: row[:code], advice: row[:advice],
            retriable: row[:passing], executed: row[:executed].map(&:to_sym) }
        end
      end
    end

    # @return [Reason] why, as it is kept with a link and said to people in their language
    def reason = Reason.new(self.class::CODE)

    # Whether the same call may succeed later without anyone changing anything.
    def retriable? = self.class::RETRIABLE
  end

  # The settings cannot be used, or config.headers cannot. Correct what the message names; not retryable. Not
  # executed. Reason: +settings_wrong+.
  class ConfigurationError < Error
    CODE = "settings_wrong"
    ADVICE = "Correct the settings that the message names."
    # Whether Krayin may have acted.
    EXECUTED = [:no].freeze

    # @return [Array<Reason>] each thing that is wrong, by a code of its own (+address_private+, +value_wrong+ …)
    attr_reader :problems

    # One thing that is wrong.
    # @param code [String] of a problem that the core knows
    # @return [ConfigurationError]
    def self.of(code, **params)
      problem = Reason.new(code, **params)
      new(problem.sentence("en"), problems: [problem])
    end

    # @param problems [Array<Reason>, String] JSON where the core tells them
    def initialize(message = nil, problems: [])
      super(message)
      problems = JSON.parse(problems).map { |problem| Reason.of(problem) } if problems.is_a?(String)
      @problems = problems
    end

    def reason
      return Reason.new(CODE) if problems.empty?

      Reason.new(CODE, problems: problems.map { |problem| problem.params.merge("code" => problem.code) })
    end
  end

  # The event cannot be run: its name is unknown, or its record is missing. Hand over another; not retryable. Not
  # executed. Reason: +event_wrong+.
  class EventError < Error
    CODE = "event_wrong"
    ADVICE = "Hand over an event and a record as the message says."
    # Whether Krayin may have acted.
    EXECUTED = [:no].freeze
  end

  # The ids could not be loaded or stored. Run the event again; retryable. Not known whether executed: the event looks
  # first. Reason: +records_unavailable+.
  class RecordsError < Error
    CODE = "records_unavailable"
    ADVICE = "Run the event again, once ids can be kept."
    RETRIABLE = true
    # Whether Krayin may have acted.
    EXECUTED = %i[no unknown].freeze
  end

  # The process can have no more threads, files or memory. Run it again when it can; retryable. Not executed. Reason:
  # +resources_spent+.
  class ResourceError < Error
    CODE = "resources_spent"
    ADVICE = "Raise the process's limits (ulimit -a), then run it again."
    RETRIABLE = true
    # Whether Krayin may have acted.
    EXECUTED = [:no].freeze
  end

  # Only a person can tell whom a contact is in Krayin. Merge or correct the two whose ids the message names; not
  # retryable. Not executed. Reason: +doubtful+.
  class DoubtfulError < Error
    CODE = "doubtful"
    ADVICE = "Say whom the contact is, or merge the persons that the message names."
    # Whether Krayin may have acted.
    EXECUTED = [:no].freeze

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

  # Nothing is to be decided about the contact, or not about that person. Choose one of those that are named; not
  # retryable. Not executed. Reason: +nothing_to_decide+.
  class DecisionError < Error
    CODE = "nothing_to_decide"
    ADVICE = "Decide about a contact that is doubtful, and for a person who was named."
    # Whether Krayin may have acted.
    EXECUTED = [:no].freeze
  end

  # An extension of the host's raised, or gave what cannot be used; what it raised is the cause. Mend the extension that
  # the message names; not retryable. Not executed, or not known whether executed where requests came before it. Reason:
  # +extension_failed+.
  class ExtensionError < Error
    CODE = "extension_failed"
    ADVICE = "Mend the extension that the message names, then run the event again."
    # Whether Krayin may have acted.
    EXECUTED = %i[no unknown].freeze

    # @return [String, nil] its name
    attr_reader :extension
    # @return [String] where it stands: "map(:contact)", "skip?", "around_call" …
    attr_reader :step

    # @param raised [Exception, nil] whose message is shown where it is the gem's own or about what was given
    def initialize(message = nil, extension: nil, step: nil, raised: nil)
      @extension = extension&.to_s
      @step = step.to_s
      said = raised.class.name
      said = "#{said}: #{raised.message}" if raised.is_a?(Error) || raised.instance_of?(ArgumentError)
      super(message || "The extension #{extension} failed at #{step}: #{said.to_s.chomp(".")}. #{ADVICE}")
    end

    def reason = Reason.new(CODE, extension: extension.to_s, step: step)

    def retriable? = cause.is_a?(Error) && cause.retriable?

    # @return [Float, nil] seconds, where a call to Krayin that it made asks for them
    def retry_after = (cause.retry_after if cause.is_a?(ApiError))
  end

  # A bug in the Rust core. Nothing is lost: run the event again, and report it; retryable. Not known whether
  # executed: the event looks first. Reason: +internal_error+.
  class InternalError < Error
    ADVICE = "Run the event again, and report it."
    RETRIABLE = true
    # Whether Krayin may have acted.
    EXECUTED = [:unknown].freeze
  end

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
    # @return [Reason, nil] what happened at the last attempt, by a code of its own (+no_connection+, +web_page+,
    #   +certificate_expired+ …); {#reason} is what it comes to
    attr_reader :detail

    # @return [String, nil] the request's id in the answer's X-Request-Id, else the one that was sent along
    def request_id = response_id || @request_id

    # @api private
    attr_writer :request_id

    alias status_code code

    def initialize(message = nil, code = nil, response = nil, **attributes)
      super(message)
      @code = code
      @response = response
      told = attributes.transform_keys(&:to_sym)
      @request_method, @path, @retry_after = told.values_at(:request_method, :path, :retry_after)
      @attempts = told[:attempts] || 1
      executed = told[:executed] || :no
      @executed = executed == true ? :unknown : executed.to_sym
      @errors = told[:errors] || {}
      @detail = told[:detail] && Reason.new(told[:detail])
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

  # The token was refused. Create a new one and connect again; not retryable. Not executed. Reason: +token_refused+.
  class AuthenticationError < ApiError
    CODE = "token_refused"
  end

  # The token's user may not do this. Give the user an administrator's role and global view permission; not retryable.
  # Not executed. Reason: +permission_missing+.
  class PermissionError < ApiError
    CODE = "permission_missing"
  end

  # The record is not there. It was deleted or merged in Krayin: the next event finds or creates it again; not
  # retryable. Not executed. Reason: +record_missing+.
  class NotFoundError < ApiError
    CODE = "record_missing"
  end

  # Krayin does not take the values. Correct the fields that {#errors} names; not retryable. Not executed. Reason:
  # +values_refused+.
  class ValidationError < ApiError
    CODE = "values_refused"

    def reason = Reason.new(CODE, fields: errors.keys)
  end

  # Another record has a value that must be unique; {#errors} names the fields. Merge the two or correct one of them;
  # not retryable. Not executed. Reason: +value_taken+.
  class ConflictError < ApiError
    CODE = "value_taken"

    def reason = Reason.new(CODE, fields: errors.keys)
  end

  # Krayin takes no more requests for now. Run it again after {#retry_after}; retryable. Not executed, or not known.
  # Reason: +requests_spent+.
  class RateLimitError < ApiError
    CODE = "requests_spent"
  end

  # Krayin failed while it ran the request. Look into its log, then run it again; retryable. Not known whether
  # executed, unless a look told. Reason: +server_failed+.
  class ServerError < ApiError
    CODE = "server_failed"
  end

  # Krayin cannot be reached, or says that it cannot work now. Check that it is running, then run it again; retryable.
  # Not executed, or not known. Reason: +server_unavailable+.
  class UnavailableError < ApiError
    CODE = "server_unavailable"
  end

  # No answer in time. Check how Krayin is doing, then run it again; retryable. Not known whether executed. Reason:
  # +no_answer+.
  class TimeoutError < ApiError
    CODE = "no_answer"
  end

  # Something before Krayin, a firewall, does not let this one request through, also not in plainer words. Look into
  # its log; not retryable. Not executed, or not known where a look failed. Reason: +request_blocked+.
  class BlockedError < ApiError
    CODE = "request_blocked"
  end

  # The answer is not one of Krayin's. Check the address; not retryable. Not executed, or not known. Reason:
  # +not_krayin+.
  class UnexpectedResponseError < ApiError
    CODE = "not_krayin"
  end
end
