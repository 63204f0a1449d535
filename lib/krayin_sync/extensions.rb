# frozen_string_literal: true

module KrayinSync
  # What a host adds to the sync, in the order in which it was added: what {KrayinSync.extend} makes, or any object with
  # some of these methods:
  #
  # - +before_mapping(event_name, data)+ gets an event's data as plain Ruby with string keys, and returns what is to be
  #   mapped instead.
  # - +before_call(request)+ gets each HTTP attempt: request_method, path without query, and headers that it may add
  #   to.
  # - +after_call(request, status)+ gets the same with the answer's status, nil where there was none.
  # - +after_sync(event_name, outcome)+ gets what the event came to.
  #
  # What the first two raise ends the event with an {ExtensionError} that has the name of the extension's class; what
  # the last two raise goes to the log: Krayin has acted by then. The first one added sees an event first, and its end
  # last. All run on the thread of the call.
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

    # Where an event's data has what is mapped.
    PLACES = { "contact" => [%w[contact], %w[conversation contact], %w[message conversation contact]],
               "conversation" => [%w[conversation]], "message" => [%w[message]] }.freeze
    # Of what is gone only the id is known.
    GONE = /[._](?:deleted|erased)\z/
    private_constant :PLACES, :GONE

    # @return [String] an event's name as Chatwoot's listeners are called: "contact_created"
    def self.event(name) = name.to_s.strip.tr(".", "_")

    # Takes a key for a text or a symbol, as people write them.
    # @return [Object] the value, where it is no hash
    # @api private
    def self.either(value)
      case value
      when Array then value.each { |inner| either(inner) }
      when Hash
        value.each_value { |inner| either(inner) }
        value.default_proc = lambda do |hash, key|
          other = key.is_a?(Symbol) ? key.to_s : (key.to_sym if key.is_a?(String))
          hash.fetch(other, nil)
        end
      end
      value
    end

    # Runs what is the host's.
    # @raise [ExtensionError] for whatever it raises
    # @api private
    def self.run(name, step)
      yield
    rescue ExtensionError
      raise
    rescue StandardError => e
      raise ExtensionError.new(extension: name, step: step, raised: e)
    end

    def initialize
      @extensions = []
    end

    # @param extension [Extension, #before_mapping, #before_call, #after_call, #after_sync]
    # @return [self]
    # @raise [ArgumentError] where it has none of these
    def add(extension)
      unless extension.is_a?(Extension) || STEPS.any? { |step| extension.respond_to?(step) }
        raise ArgumentError, "An extension needs one of #{STEPS.join(", ")}."
      end

      @extensions += [extension]
      hear(extension.events) if extension.is_a?(Extension)
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
    # @param session [Session, nil] of the event; without it nothing is mapped
    # @return [String, Skipped] JSON; or why the event is left out
    # @raise [ExtensionError]
    def before_mapping(event_name, data, session = nil)
      mappers = session && !event_name.match?(GONE) ? Registered.mappers(session.settings) : {}
      return data if mappers.empty? && none? { |extension| prepares?(extension) }

      plain = prepare(event_name, self.class.either(JSON.parse(data)))
      skipped = skipped(event_name, plain)
      return skipped if skipped

      map(plain, session, mappers) if session && !event_name.match?(GONE)
      Snapshot.json(plain)
    end

    # Why an event is left out, and by whom.
    Skipped = Struct.new(:extension, :reason)

    # @return [void]
    def after_sync(event_name, outcome)
      with(:after_sync).reverse_each do |name, step|
        apart(name, :after_sync) { step.call(event_name, outcome) }
      end
    end

    # @return [void]
    def before_call(request)
      with(:before_call).each { |name, step| self.class.run(name, :before_call) { step.call(request) } }
    end

    # @return [void]
    def after_call(request, status)
      with(:after_call).reverse_each { |name, step| apart(name, :after_call) { step.call(request, status) } }
    end

    # @return [Array<Array(String, #call)>] what stands around a call, the outermost first
    # @api private
    def around_call = with(:around_call)

    # Whether any is to hear of HTTP attempts.
    def calls? = %i[before_call after_call around_call].any? { |step| with(step).any? }

    # Whether any hears of an event that the sync does not know.
    def hears?(event_name) = events.include?(self.class.event(event_name))

    # @return [Array<String>] the events that any hears of beside those of the sync
    def events = grep(Extension).flat_map(&:events).uniq

    # Tells of an event that the sync does not know.
    # @return [void]
    # @raise [ExtensionError]
    def event(event_name, data, hook)
      known = self.class.event(event_name)
      with(known).each { |name, step| self.class.run(name, "event #{known}") { step.call(data, hook) } }
    end

    # Writes to the log what an extension raised after Krayin had acted.
    # @api private
    def apart(name, step)
      yield
    rescue StandardError => e
      raised = e.is_a?(ExtensionError) && e.cause ? e.cause : e
      Instrumentation.say(:error, "krayin_sync: the extension #{name} raised #{raised.class} at #{step}")
    end

    def inspect = "#<#{self.class.name} of #{@extensions.size}>"

    private

    # By whom, and what to call.
    def with(step)
      @extensions.flat_map do |extension|
        name = Extension.name_of(extension)
        next extension.blocks(step).map { |block| [name, block] } if extension.is_a?(Extension)

        STEPS.include?(step) && extension.respond_to?(step) ? [[name, extension.method(step)]] : []
      end
    end

    BEFORE = [:before_mapping, :skip?, *Extension::MAPPED.map { |kind| :"map_#{kind}" }].freeze
    private_constant :BEFORE

    def prepares?(extension)
      return extension.respond_to?(:before_mapping) unless extension.is_a?(Extension)

      BEFORE.any? { |step| extension.blocks(step).any? }
    end

    # Chatwoot's own listener hands on only what somebody hears.
    def hear(events)
      return unless defined?(KrayinSync::Chatwoot::Extensions::HookListener)

      events.each { |name| KrayinSync::Chatwoot::Extensions::HookListener.hear(name) }
    end

    def prepare(event_name, data)
      with(:before_mapping).reduce(data) do |known, (name, step)|
        self.class.run(name, :before_mapping) do
          Arguments.hash(step.call(event_name, known), "what before_mapping returns").transform_keys(&:to_s)
        end
      end
    end

    def skipped(event_name, data)
      with(:skip?).each do |name, step|
        said = self.class.run(name, :skip?) { step.call(data, event_name) }
        next unless said

        return Skipped.new(name, said == true ? nil : said.to_s.scrub.strip[0, 255])
      end
      nil
    end

    def map(data, session, mappers)
      PLACES.each do |kind, places|
        steps = with(:"map_#{kind}")
        steps = [mappers[kind], *steps] if mappers[kind]
        next if steps.empty?

        places.each { |place| map_at(place, data, kind, steps, session) }
      end
    end

    def map_at(place, data, kind, steps, session)
      *path, last = place
      holder = path.empty? ? data : data.dig(*path)
      return unless holder.is_a?(Hash) && holder[last].is_a?(Hash)

      steps.each { |name, step| holder[last] = Payload.new(kind, holder[last], session).through(name, step) }
    end
  end

  # What a record becomes, as a map sees it.
  # @api private
  class Payload
    def initialize(kind, record, session)
      @kind = kind
      @record = record
      @session = session
    end

    # @return [Hash{String => Object}] the record's snapshot with what the step has changed
    # @raise [ExtensionError]
    def through(name, step)
      json = Native.payload(@kind, Snapshot.json(@record), @session.settings_json)
      return @record if json == "null"

      Extensions.run(name, "map(:#{@kind})") do
        given = given(step, Extensions.either(JSON.parse(json, symbolize_names: true)))
        text = Snapshot.json(Arguments.fields(given, "the payload"))
        text == json ? @record : take(text)
      end
    end

    def inspect = "#<#{self.class.name} #{@kind}>"

    private

    # The step changes what it was given, or answers with another: what a block happens to end with is none.
    def given(step, payload)
      keys = @kind == "contact" ? %w[person lead organization] : payload.keys.map(&:to_s)
      answer = step.call(payload, @record)
      answer = answer.to_h if answer.respond_to?(:to_h) && !answer.is_a?(Array) && !answer.nil?
      return payload unless answer.is_a?(Hash) && answer.any? && answer.keys.all? { |key| keys.include?(key.to_s) }

      payload.merge(answer.transform_keys(&:to_sym))
    end

    def take(text)
      told = JSON.parse(Native.with_payload(@kind, Snapshot.json(@record), text, @session.settings_json))
      Extensions.either(told.fetch("record") { raise ArgumentError, told["wrong"] })
    end
  end

  # Stands around the HTTP attempts of one call.
  class ExtensionTransport
    include Opaque

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
      @around = @extensions.around_call.map { |name, step| Around.new(@extensions, name, step).begin(@request) }
      headers = @request.headers.merge(authorization)
      answer = @inner ? @inner.call(method, url, headers, body) : :real
      return [:real, headers] if answer == :real

      ended(answer)
      answer
    end

    def sent(request, answer)
      @inner&.sent(request, answer)
      ended(answer)
    end

    private

    def ended(answer)
      status = answer&.first
      @around.reverse_each { |around| around.end(status) }
      @extensions.after_call(@request, status)
    end

    # A block around one attempt, which the core makes: a fiber, as it goes on when the answer has come.
    class Around
      def initialize(extensions, name, step)
        @extensions = extensions
        @name = name
        @step = step
      end

      # Up to where the block calls the attempt.
      # @return [self]
      # @raise [ExtensionError]
      def begin(request)
        Extensions.run(@name, :around_call) do
          @fiber = Fiber.new(blocking: true) { @step.call(request, -> { Fiber.yield }) }
          @fiber.resume
          raise ArgumentError, "the block has not called the attempt" unless @fiber.alive?
        end
        self
      end

      # From there to its end.
      # @return [void]
      def end(status) = @extensions.apart(@name, :around_call) { @fiber.resume(status) if @fiber.alive? }

      def inspect = "#<#{self.class.name} #{@name}>"
    end
    private_constant :Around
  end
end
