# frozen_string_literal: true

module KrayinSync
  # What an installation decides, for all its accounts: the options of {OPTIONS}, each a reader and a writer.
  #
  #   KrayinSync.configure do |config|
  #     config.allowed_hosts = ["crm.internal"]
  #   end
  class Configuration
    include Opaque

    # Seconds, texts and the like; +help+ is one sentence. What is +internal+ no initializer asks for.
    Option = Struct.new(:name, :default, :help, :shown, keyword_init: true)

    private_constant :Option

    hosts = -> { ENV.fetch("KRAYIN_SYNC_ALLOWED_HOSTS", "").split(/[\s,]+/).reject(&:empty?) }
    loopback = lambda do
      !defined?(::Rails) || !::Rails.respond_to?(:env) || %w[development test].include?(::Rails.env.to_s)
    end
    # In the order of the initializer that `rails generate krayin_sync:install` writes.
    OPTIONS = [
      Option.new(name: :allow_http, default: false,
                 help: "Whether a Krayin may be spoken to by plain http on another machine than this one: the token " \
                       "goes in the open"),
      Option.new(name: :allowed_hosts, default: hosts,
                 shown: 'ENV.fetch("KRAYIN_SYNC_ALLOWED_HOSTS", "").split(/[\s,]+/).reject(&:empty?)',
                 help: 'Hosts that may have an address of a private network, such as "crm.internal"; "*" for all'),
      Option.new(name: :allow_loopback, default: loopback,
                 shown: "Rails.env.development? || Rails.env.test?",
                 help: "Whether a Krayin may be on this machine itself without being one of allowed_hosts: whoever " \
                       "connects an account could try its inner ports"),
      Option.new(name: :proxy, default: nil,
                 help: "The http or https proxy that requests go by, such as " \
                       '"http://user:password@proxy.example.com:3128"; that of HTTPS_PROXY where nil, false for none'),
      Option.new(name: :no_proxy, default: nil,
                 help: 'Hosts and address ranges that are reached without it, such as "crm.internal, 10.0.0.0/8"; ' \
                       "those of NO_PROXY where nil"),
      Option.new(name: :ca_file, default: nil,
                 help: "A file of authorities, PEM, to trust beside the machine's (or SSL_CERT_FILE's). Read once a " \
                       "process, as are the next three"),
      Option.new(name: :ca_path, default: nil, help: "A folder of such files (beside SSL_CERT_DIR)"),
      Option.new(name: :client_certificate, default: nil,
                 help: "A file with the certificate, PEM, its chain after it, for servers that ask for one"),
      Option.new(name: :client_key, default: nil, help: "The file with its key, PEM, without a passphrase"),
      Option.new(name: :default_country, default: -> { ENV.fetch("KRAYIN_SYNC_DEFAULT_COUNTRY", nil) },
                 shown: 'ENV["KRAYIN_SYNC_DEFAULT_COUNTRY"]',
                 help: 'The two letters of the country that phone numbers are of which say none, such as "DE"; the ' \
                       "contact's own where nil"),
      Option.new(name: :language, default: -> { ENV.fetch("KRAYIN_SYNC_LANGUAGE", nil) },
                 shown: 'ENV["KRAYIN_SYNC_LANGUAGE"]',
                 help: 'The language of reasons and notices, such as "pt_BR"; that of Rails where nil. English, ' \
                       "Portuguese or Spanish; English for any other"),
      Option.new(name: :digest_key, default: nil, shown: 'ENV["KRAYIN_SYNC_DIGEST_KEY"]',
                 help: "The secret that digests of what was sent are made with; one of Rails' own secret where nil. " \
                       "Where it changes, every field counts as edited in Krayin"),
      Option.new(name: :on_contact_deleted, default: "keep",
                 help: 'What becomes in Krayin of a contact that was deleted in Chatwoot: "keep", "unlink_and_mark" ' \
                       '(a note says so), "erase" (what was said, and what of person and lead nobody changed)'),
      Option.new(name: :contact_mapper, default: nil,
                 help: 'The name of a class of yours, such as "MyMapper", that says how a contact is mapped; it ' \
                       "descends from KrayinSync::Mappers::ContactMapper"),
      Option.new(name: :conversation_mapper, default: nil,
                 help: "Likewise of a conversation, from KrayinSync::Mappers::ConversationMapper"),
      Option.new(name: :message_mapper, default: nil,
                 help: "Likewise of a message, from KrayinSync::Mappers::MessageMapper"),
      Option.new(name: :processor_service, default: nil,
                 help: "The name of a class of yours that runs the events, from KrayinSync::ProcessorService"),
      Option.new(name: :queue, default: "krayin_sync",
                 help: "The Sidekiq queue of the sync's jobs; one that no process serves gets threads of its own"),
      Option.new(name: :concurrency, default: 5, help: "How many those are, a process"),
      Option.new(name: :jobs_per_krayin, default: 3,
                 help: "How many jobs work on one Krayin at once, over all processes: a slow one holds no more"),
      Option.new(name: :backfill_calls, default: 4,
                 help: "How many calls a backfill makes at once beside them, with a thread each and one left over; " \
                       "fewer while the Krayin's answers take twice as long"),
      Option.new(name: :deadline, default: 15, help: "Seconds that one call of a job may take with all its attempts"),
      Option.new(name: :attempt_timeout, default: 10, help: "Seconds that one attempt of it may take"),
      Option.new(name: :message_delay, default: 2,
                 help: "Seconds after which a message is read: some channels attach its files a moment later"),
      Option.new(name: :note_interval, default: 60,
                 help: "Seconds between two writes of a conversation's note while the conversation goes on"),
      Option.new(name: :lost_after, default: 600,
                 help: "Seconds after which a job that never ran, or never ended, counts as lost"),
      Option.new(name: :sweep_schedule, default: "*/15 * * * *",
                 help: "When the sweep runs, where sidekiq-cron is there; nil for never"),
      Option.new(name: :sweep_window, default: 7200, help: "Seconds that a scheduled sweep looks back"),
      Option.new(name: :reconcile_schedule, default: "15 2 * * *",
                 help: "When all that is kept is held against Krayin, where sidekiq-cron is there; nil for never")
    ].freeze

    OPTIONS.each { |option| attr_accessor option.name }

    # @return [#load, #store] where ids are kept when a {ProcessorService} is given no other place
    attr_accessor :records
    # @return [#swap, nil] keeps the budget of requests for all processes that share it; each process its own where nil
    attr_accessor :limiter_store
    # @return [Extensions] what the host adds to the sync
    attr_reader :extensions
    # @return [Metrics, nil] counts requests and events; the installation's inside Chatwoot, nobody elsewhere
    attr_accessor :metrics
    # @return [#call, nil] hears of attempts and events where there is no ActiveSupport: name, when it began, when it
    #   ended, and the payload, as {Instrumentation} has them
    attr_accessor :notifier
    # @return [Hash, #call, nil] headers that go with each request beside the gem's own; called with method, path and
    #   attempt of each where it can be
    attr_accessor :headers
    # @return [Float, nil] seconds below which the wait before a second attempt is drawn; 0 in specs, 1 where nil
    attr_accessor :retry_base
    # @return [#fetch, nil] keeps for an hour what the set-up found; Rails' own inside Rails, none elsewhere
    attr_writer :cache
    # @return [Logger, nil] where attempts are told; Rails' own inside Rails, nobody elsewhere
    attr_writer :logger

    def initialize
      @records = Records::Memory.new
      @extensions = Extensions.new
      OPTIONS.each do |option|
        value = option.default
        public_send("#{option.name}=", value.respond_to?(:call) ? value.call : value)
      end
    end

    def cache = @cache || (::Rails.cache if defined?(::Rails) && ::Rails.respond_to?(:cache))

    # @return [String] the locale that sentences for people are in where a hook does not say
    def locale = (language || (::I18n.default_locale if defined?(::Rails) && defined?(::I18n)) || "en").to_s

    def logger = @logger || (::Rails.logger if defined?(::Rails) && ::Rails.respond_to?(:logger))

    # @return [String, nil] what digests are made with
    def secret = digest_key || ENV["KRAYIN_SYNC_DIGEST_KEY"] || of_rails

    # @!attribute pace
    #   @deprecated since 0.2.0 (2026-11-27): {#limiter_store}; gone in 0.4.0, not before 2027-11-27
    Deprecation.rename(self, :pace, :limiter_store, "KrayinSync::Configuration#pace")

    private

    def of_rails
      @of_rails ||= secret_of_rails
    end

    def secret_of_rails
      base = ::Rails.application&.secret_key_base if defined?(::Rails) && ::Rails.respond_to?(:application)
      base && OpenSSL::HMAC.hexdigest("SHA256", base, "krayin_sync digests")
    end
  end

  class << self
    def configuration
      @configuration ||= Configuration.new
    rescue Ractor::IsolationError
      # Ruby itself keeps it from other Ractors: that costs nothing, where a look at each use does.
      Arguments.main_ractor
      raise
    end

    # @yieldparam configuration [Configuration]
    # @raise [ConfigurationError] where a proxy or a file of certificates cannot be used
    def configure
      answer = yield(configuration)
      Network.check(configuration)
      answer
    end

    # The options of the library itself, one by one.
    %i[allow_http allowed_hosts allow_loopback proxy no_proxy ca_file ca_path client_certificate client_key
       default_country language digest_key on_contact_deleted records limiter_store retry_base cache
       metrics notifier headers logger].each do |name|
      # Of text, not of a block: another Ractor must be able to call it, to be told that it cannot.
      class_eval <<~METHODS, __FILE__, __LINE__ + 1
        def #{name} = configuration.#{name}      # def records = configuration.records
        def #{name}=(value)                      # def records=(value)
          configuration.#{name} = value          #   configuration.records = value
        end                                      # end
      METHODS
    end

    # @!attribute pace
    #   @deprecated since 0.2.0 (2026-11-27): {KrayinSync.limiter_store}; gone in 0.4.0, not before 2027-11-27
    Deprecation.rename(self, :pace, :limiter_store, "KrayinSync.pace")
  end
end
