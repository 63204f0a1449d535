# frozen_string_literal: true

require_relative "connection_id"

module KrayinSync
  # What one call into the Rust core works with: the settings as JSON, and who answers the core's questions.
  class Session
    include Opaque

    # @return [String] JSON
    attr_reader :settings_json
    # @return [#load, #store, nil]
    attr_reader :records
    # @return [Hash{String => Object}]
    attr_reader :settings

    # @raise [ConfigurationError] before anything is sent, when the settings cannot be used
    # @param bulk [Boolean] whether the work has time, so that live events come first
    # @param on_attempt [#call, nil] called after each HTTP attempt, on the calling thread; what it raises ends the call
    # @param limiter_store [#swap, nil] {KrayinSync.limiter_store} where nil
    # @param asking_only [Boolean] whether a request that would change something ends the call instead of being sent
    def initialize(settings, records: nil, bulk: false, on_attempt: nil, limiter_store: nil, asking_only: false)
      Arguments.main_ractor
      @settings = Arguments.settings(settings)
      # Where the token may go is the installation's word, never that of a hook's settings.
      configuration = KrayinSync.configuration
      installation = { "allow_http" => configuration.allow_http == true,
                       "allowed_hosts" => configuration.allowed_hosts,
                       "allow_loopback" => configuration.allow_loopback == true,
                       "default_country" => configuration.default_country,
                       "on_contact_deleted" => configuration.on_contact_deleted,
                       "digest_key" => configuration.secret }
      installation["language"] = configuration.locale if @settings["language"].to_s.strip.empty?
      network = Network.settings(@settings["api_url"], configuration)
      @settings_json = SettingsJson.of(@settings.merge(installation, network))
      @records = records
      @bulk = bulk
      @on_attempt = on_attempt
      @limiter_store = limiter_store
      @asking_only = asking_only
    end

    # @return [Boolean]
    attr_reader :bulk

    # Whom the core tells its attempts to; nobody where nobody listens.
    def observer
      listening = Instrumentation.listening?
      return unless listening || @on_attempt

      Attempts.new(connection: ConnectionId.of(settings), server: method(:server), on_attempt: @on_attempt,
                   listening: listening)
    end

    # Who keeps the budget of requests for all processes; where nil, this process keeps its own.
    def limiter_store = @limiter_store || KrayinSync.limiter_store

    # Who stands before the Rust client: extensions, who lets questions alone through, and WebMock where it is on; else
    # nobody.
    def transport
      extensions = KrayinSync.configuration.extensions
      inner = @asking_only ? AskingOnly.new(stubs) : stubs
      extensions.calls? ? ExtensionTransport.new(extensions, inner) : inner
    end

    def retry_base = KrayinSync.retry_base

    # @return [Object] what a function of the core answers
    def call(function, *arguments)
      JSON.parse(Attempts.around { Native.public_send(function, self, *arguments) }, max_nesting: false)
    end

    def with(settings)
      merged = @settings.merge(Arguments.settings(settings))
      Session.new(merged, records: records, **how)
    end

    # Whether the Krayin may be a machine of the installation's own network.
    def inside? = Native.may_be_inside(@settings_json)

    # The same, with a place for ids where it has none.
    # @param records [#load, #store]
    def keeping(records)
      return self if @records

      Session.new(@settings, records: records, **how)
    end

    private

    def how = { bulk: bulk, on_attempt: @on_attempt, limiter_store: @limiter_store, asking_only: @asking_only }

    # Who answers HTTP attempts instead of the network.
    def stubs
      return unless defined?(::WebMock::HttpLibAdapter)

      require_relative "webmock"
      WebMockTransport.new if WebMockAdapter.enabled?
    end

    def server = @server ||= address(settings["api_url"])

    def address(url)
      require "uri"
      URI.parse(Native.plain_address(JsonSafe.of(url.to_s)).to_s)
    rescue URI::InvalidURIError
      nil
    end

    # All that the core asks of it, at once.
    def parts
      installation = KrayinSync.configuration
      [@settings_json, transport, @records, @limiter_store || installation.limiter_store, observer, @bulk,
       installation.retry_base]
    end
  end
end
