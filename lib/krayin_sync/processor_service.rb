# frozen_string_literal: true

module KrayinSync
  # Runs one event of Chatwoot. Run it again after any error: nothing is done twice and nothing is lost.
  #
  #   event = { event_name: "contact.created", event_data: { contact: contact } }
  #   KrayinSync::ProcessorService.new(hook: hook, **event).perform
  #   # => { status: "synced", ids: { person: 1, lead: 2 }, requests: 2,
  #   #      created: ["person", "lead"], updated: [], reasons: [] }
  class ProcessorService
    include Opaque

    APP_ID = "krayin"

    # Kinds of records, and the events that are told by their name.
    KINDS = %w[contact conversation message].freeze
    EVENT = /\A(?:contact[._](?:created|updated|merged|deleted|erased)|
                conversation[._](?:created|updated|resolved|deleted)|
                message[._](?:created|updated|deleted))\z/x

    attr_reader :inbox, :hook, :event_name, :event_data

    # @param inbox [Inbox, #hooks, nil] where the hook is found when none is given
    # @param event_name [String] with a dot or an underscore
    # @param event_data [Hash] the record under :contact, :conversation or :message; under :merged the contact that was
    #   merged into the :contact
    # @param hook [Integrations::Hook, #settings, nil]
    # @param records [#load, #store, nil] where ids are kept; {KrayinSync.records} where nil
    # @param bulk [Boolean] whether the event has time: a part of the server's budget is left to others then
    # @param on_attempt [#call, nil] called after each HTTP attempt, on this thread; what it raises ends the event
    # @param limiter_store [#swap, nil] keeps the budget of requests; {KrayinSync.limiter_store} where nil
    # @param pace [#swap, nil] the name of limiter_store in version 0.1: deprecated since 0.2.0 (2026-11-27), gone in
    #   0.4.0, not before 2027-11-27
    def initialize(event_name:, event_data:, inbox: nil, hook: nil, records: nil, bulk: false, on_attempt: nil,
                   limiter_store: nil, pace: nil)
      @inbox = Arguments.inbox(inbox)
      @hook = Arguments.hook(hook || find_hook)
      # Bytes that are no text are no name of an event.
      @event_name = event_name.to_s.dup.force_encoding(Encoding::UTF_8).scrub
      @event_data = event_data
      @records = Arguments.records(records || KrayinSync.records)
      @bulk = bulk
      @on_attempt = on_attempt
      @asking_only = false
      Deprecation.tell("pace: of KrayinSync::ProcessorService") if pace
      @limiter_store = limiter_store || pace
    end

    # @return [Hash] status ("synced", "skipped"), ids by type, requests sent, created, updated, reasons; where
    #   there are any, codes too: the reasons with parameters, {code: "field_kept", entity: "lead", field: "title"}
    # @raise [EventError, ConfigurationError] before anything is sent
    # @raise [ApiError, RecordsError]
    def perform
      tagged = { account_id: tag(:account_id), hook_id: tag(:id) }
      Instrumentation.tagged(**tagged) { observed }
    rescue Error => e
      log(e.is_a?(RateLimitError) ? :info : :error) { "Failed to process #{subject}: #{e.message}" }
      raise
    end

    # What {perform} would come to, found out by asking alone: nothing that changes anything is sent, and nobody told.
    # @return [Hash] the outcome
    # @raise [AskingOnly::Change] where something would be changed
    # @raise [Error]
    # @api private
    def rehearse
      @asking_only = true
      sync(event_data)
    end

    # @return [void]
    def store_external_id(record, type, external_id)
      kind = kind_of(record, type)
      id = Arguments.id(Snapshot.read(record, :id), "the record's id")
      external_id = Arguments.id(external_id)
      kept = JSON.parse(@records.load(kind, id) || "{}")
      @records.store(kind, id, JSON.generate(kept.merge("ids" => ExternalId.merge(kept["ids"], type => external_id))))
    end

    # @return [Integer, nil]
    def get_external_id(record, type)
      id = Arguments.id(Snapshot.read(record, :id), "the record's id")
      kept = @records.load(kind_of(record, type), id)
      kept && ExternalId.extract(JSON.parse(kept)["ids"], type)
    end

    # @return [Integer, nil]
    def extract_external_id(source_id, type) = ExternalId.extract(source_id, type)

    # @return [Hash{String => Integer}]
    def parse_external_ids(source_id) = ExternalId.parse(source_id)

    # @return [String]
    def build_source_id_string(ids_hash) = ExternalId.build(ids_hash)

    def inspect = "#<#{self.class.name} #{event_name[EVENT] || "unknown"}>"

    private

    def observed
      # Whatever a caller took for an event's name is not told further.
      told = event_name[EVENT] || (event_name if other?) || "unknown"
      Instrumentation.perform({ event: told }) do |payload|
        raise EventError, "The event's data must be a hash." unless Arguments.hash?(event_data)

        log(:debug) { "Processing #{subject}" }
        payload[:outcome] = run.tap { |outcome| tell(outcome) }
      end
    end

    # A number of the hook's, where it has one.
    def tag(name)
      value = hook.public_send(name) if hook.respond_to?(name)
      value if value.is_a?(Integer)
    end

    # Each may be overridden in a class of the host's ({Configuration}'s processor_service): `super` runs the event,
    # with the record that it is given, and answers with the outcome. Where it is not called, the event is left out.
    # @return [Hash] the outcome
    def handle_contact(contact) = process(contact)

    # @return [Hash] the outcome
    def handle_conversation(conversation) = process(conversation)

    # @return [Hash] the outcome
    def handle_message(message) = process(message)

    def run
      return hear if other?

      kind = KINDS.find { |known| event_name.start_with?(known) }
      record = kind && Snapshot.read(event_data.to_h, kind.to_sym)
      record ? handle(kind, record) : process(nil)
    end

    # An event that an extension hears of and the sync does not know.
    def other? = !EVENT.match?(event_name) && KrayinSync.configuration.extensions.hears?(event_name)

    def hear
      KrayinSync.configuration.extensions.event(event_name, event_data, hook)
      { status: "synced", ids: {}, requests: 0, created: [], updated: [], reasons: [] }
    end

    def handle(kind, record)
      @kind = kind
      answer = send(:"handle_#{kind}", record)
      answer = @outcome || left_out(self.class.name) unless answer.is_a?(Hash) && answer.key?(:status)
      answer
    rescue Error, Instrumentation::PutOff
      raise
    rescue StandardError => e
      # What the sync's own parts raised is no extension's.
      raise if e.equal?(@raised)

      raise ExtensionError.new(extension: self.class.name, step: "handle_#{kind}", raised: e)
    end

    def process(record)
      @outcome = sync(record ? event_data.to_h.except(@kind, @kind.to_sym).merge(@kind.to_sym => record) : event_data)
    rescue StandardError => e
      @raised = e
      raise
    end

    # The outcome of what an extension leaves out.
    def left_out(extension, why = nil)
      reason = Reason.new("extension_skipped", **{ extension: extension, reason: why }.compact)
      sentence = reason.sentence(Settings.locale(hook.settings))
      { status: "skipped", ids: {}, requests: 0, created: [], updated: [], reasons: [sentence],
        codes: [{ code: reason.code, **reason.params.transform_keys(&:to_sym) }] }
    end

    def sync(event_data)
      session = Session.new(hook.settings, records: @records, bulk: @bulk, on_attempt: @on_attempt,
                                           limiter_store: @limiter_store, asking_only: @asking_only)
      extensions = KrayinSync.configuration.extensions
      data = extensions.before_mapping(event_name, Snapshot.event(event_data), session)
      return left_out(data.extension, data.reason) if data.is_a?(Extensions::Skipped)

      outcome = JSON.parse(Attempts.around { Native.process(session, event_name, data) }, symbolize_names: true)
      learn(outcome)
      extensions.after_sync(event_name, outcome) unless @asking_only
      outcome
    end

    # "contact 123"
    def subject
      kind = KINDS.find { |known| event_name.start_with?(known) }
      return "an unknown event" unless kind

      record = Snapshot.read(event_data.to_h, kind.to_sym) if Arguments.hash?(event_data)
      id = record && Snapshot.read(record, :id)
      [kind, (id if id.is_a?(Integer))].compact.join(" ")
    end

    def tell(outcome)
      log(:info) { told(outcome) }
      log(:info) { "Updated lead #{outcome[:ids][:lead]} stage" } if outcome[:updated].include?("stage")
    end

    def told(outcome)
      line = "#{subject.capitalize} #{outcome[:status]}."
      outcome[:reasons].each { |reason| line << " " << reason.to_s.delete_suffix(".") << "." }
      line << " " << outcome[:ids].map { |type, id| "#{type.to_s.capitalize}: #{id}" }.join(", ") if outcome[:ids].any?
      line << " [" << outcome[:codes].map { |reason| reason[:code] }.join(", ") << "]" if outcome[:codes].to_a.any?
      line
    end

    def log(level) = Instrumentation.say(level) { "Krayin ProcessorService - #{yield}" }

    def find_hook
      hook = inbox&.hooks&.find { |known| known.app_id == APP_ID }
      hook || raise(ConfigurationError.of("hook_missing"))
    end

    # What answers told of the server's clock and stages saves the next event from asking again.
    def learn(outcome)
      stages = outcome.delete(:pipelines)
      traits = hook.settings["traits"] if hook.settings.is_a?(Hash)
      return unless traits.is_a?(Hash) && !traits.frozen?

      offset = outcome[:utc_offset_minutes]
      traits["utc_offset_minutes"] = offset if offset
      traits.merge!("pipelines" => JsonSafe.of(stages), "stages_at" => Time.now.to_i) if stages
    end

    def kind_of(record, type)
      name = record.class.name.to_s.split("::").last.to_s.downcase
      return name if KINDS.include?(name)

      type.to_s == "activity" ? "conversation" : "contact"
    end
  end
end
