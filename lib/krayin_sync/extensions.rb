# frozen_string_literal: true

module KrayinSync
  # What a host adds to the sync, in the order in which it was added. An extension is any object with some of these
  # methods:
  #
  # - +before_mapping(event_name, data)+ gets an event's data as plain Ruby with string keys, and returns what is to be
  #   mapped instead. What it raises ends the event, before anything is sent.
  # - +before_call(request)+ gets each HTTP attempt: request_method, path without query, and headers that it may add
  #   to. What it raises ends the event.
  # - +after_call(request, status)+ gets the same with the answer's status, nil where there was none.
  # - +after_sync(event_name, outcome)+ gets what the event came to.
  #
  # What the last two raise goes to the log: Krayin has acted by then. The first one added sees an event first, and its
  # end last. All run on the thread of the call.
  #
  #   class Tier
  #     def before_mapping(_event, data)
  #       data["contact"]&.dig("custom_attributes")&.store("tier", "gold")
  #       data
  #     end
  #   end
  #   KrayinSync.configure { |config| config.extensions.add(Tier.new) }
  class Extensions
    include Enumerable

    STEPS = %i[before_mapping before_call after_call after_sync].freeze

    # One HTTP attempt, without the token and without a body.
    Request = Struct.new(:request_method, :path, :headers, keyword_init: true)

    def initialize
      @extensions = []
    end

    # @param extension [#before_mapping, #before_call, #after_call, #after_sync]
    # @return [self]
    # @raise [ArgumentError] where it has none of these
    def add(extension)
      if STEPS.none? { |step| extension.respond_to?(step) }
        raise ArgumentError, "An extension needs one of #{STEPS.join(", ")}."
      end

      @extensions += [extension]
      self
    end

    # @return [Object, nil] the extension, where it was there
    def remove(extension)
      found = @extensions.find { |known| known.equal?(extension) }
      @extensions -= [found] if found
      found
    end

    # @return [self]
    def clear
      @extensions = []
      self
    end

    def each(&) = @extensions.each(&)

    # @param data [String] JSON
    # @return [String] JSON
    def before_mapping(event_name, data)
      steps = with(:before_mapping)
      return data if steps.empty?

      plain = steps.reduce(JSON.parse(data)) { |known, extension| extension.before_mapping(event_name, known) }
      Snapshot.json(Arguments.hash(plain, "what before_mapping returns"))
    end

    # @return [void]
    def after_sync(event_name, outcome)
      with(:after_sync).reverse_each do |extension|
        apart(:after_sync) { extension.after_sync(event_name, outcome) }
      end
    end

    # @return [void]
    def before_call(request) = with(:before_call).each { |extension| extension.before_call(request) }

    # @return [void]
    def after_call(request, status)
      with(:after_call).reverse_each { |extension| apart(:after_call) { extension.after_call(request, status) } }
    end

    # Whether any is to hear of HTTP attempts.
    def calls? = any? { |extension| extension.respond_to?(:before_call) || extension.respond_to?(:after_call) }

    def inspect = "#<#{self.class.name} of #{@extensions.size}>"

    private

    def with(step) = select { |extension| extension.respond_to?(step) }

    def apart(step)
      yield
    rescue StandardError => e
      Instrumentation.say(:error, "krayin_sync: an extension's #{step} raised #{e.class}")
    end
  end

  # Stands around the HTTP attempts of one call.
  class ExtensionTransport
    # @param inner [WebMockTransport, nil] who answers instead of the network
    def initialize(extensions, inner)
      @extensions = extensions
      @inner = inner
    end

    # Whether attempts go to the network.
    def real? = @inner.nil?

    # @return [Array(Integer, Hash, String), nil, Array(:real, Hash)] as {WebMockTransport#call}; headers with :real
    def call(method, url, headers, body)
      authorization, others = headers.partition { |name, _| name.casecmp?("authorization") }.map(&:to_h)
      @request = Extensions::Request.new(request_method: method, path: url[%r{\Ahttps?://[^/]*([^?]*)}, 1],
                                         headers: others)
      @extensions.before_call(@request)
      headers = @request.headers.merge(authorization)
      answer = @inner ? @inner.call(method, url, headers, body) : :real
      return [:real, headers] if answer == :real

      @extensions.after_call(@request, answer&.first)
      answer
    end

    def sent(request, answer)
      @inner&.sent(request, answer)
      @extensions.after_call(@request, answer&.first)
    end

    def inspect = "#<#{self.class.name}>"
  end
end
