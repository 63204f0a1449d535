# frozen_string_literal: true

module KrayinSync
  # What a host adds to the sync in blocks, under one name. Made by {KrayinSync.extend}; see there.
  class Extension
    # What has a payload.
    MAPPED = %w[contact conversation message].freeze

    # @return [String] what errors, reasons and the log call it
    attr_reader :name

    # @param extension [Object] one of the host's
    # @return [String]
    def self.name_of(extension) = extension.is_a?(Extension) ? extension.name : extension.class.name || "an extension"

    # @param name [String]
    # @yieldparam on [Steps]
    def initialize(name)
      @name = name
      @steps = Hash.new { |steps, step| steps[step] = [] }
      yield Steps.new(@steps)
      return unless @steps.empty?

      raise ArgumentError,
            "The extension #{name} says nothing of what it does: call on.map and the like."
    end

    # @return [Array<#call>]
    # @api private
    def blocks(step) = @steps.fetch(step, [])

    # @return [Array<String>] the events that it hears of beside those of the sync
    def events = @steps.keys.grep(String)

    def inspect = "#<#{self.class.name} #{name}>"

    # What an extension does, as {KrayinSync.extend} hands it over: each takes a block.
    class Steps
      include Opaque

      def initialize(steps)
        @steps = steps
      end

      # Changes or adds fields of what a record becomes, before they are fitted to Krayin and made harmless. The block
      # gets the payload, which it changes or answers with another, and the record's snapshot with string keys. Of a
      # contact the payload is +{ person: {…}, lead: {…}, organization: {…} }+ by Krayin's attributes, custom ones too;
      # of a conversation or a message the activity's +{ type:, title:, comment:, is_done: }+.
      # @param kind [:contact, :conversation, :message]
      # @return [void]
      def map(kind, &block)
        kind = kind.to_s
        raise ArgumentError, "Only a contact, a conversation or a message is mapped." unless MAPPED.include?(kind)

        add(:"map_#{kind}", block)
      end

      # Before the event is mapped: the block gets its name, and its data with string keys, which it may change.
      # @return [void]
      def before_sync(&block)
        add(:before_mapping, block && lambda { |event_name, data|
          block.call(event_name, data)
          data
        })
      end

      # After it: the block gets the ids in Krayin, the whole outcome and the event's name. What it raises goes to the
      # log: Krayin has acted by then.
      # @return [void]
      def after_sync(&block)
        add(:after_sync, block && ->(event_name, outcome) { block.call(outcome[:ids], outcome, event_name) })
      end

      # Whether an event is left out: the block gets its data with string keys and its name, and answers with the
      # reason, a text without personal data, or with true; with nil or false where it is not. The reason stands in the
      # outcome and in the record's link.
      # @return [void]
      def skip?(&block) = add(:skip?, block)

      # An event that the sync does not know, by its name in Chatwoot: the block gets its data and the hook.
      # @param name [String] "conversation.typing_on", with a dot or an underscore
      # @return [void]
      def event(name, &block)
        known = Extensions.event(name)
        if known.empty? || ProcessorService::EVENT.match?(known)
          raise ArgumentError, "on.event is for events that the sync does not know: use before_sync or after_sync."
        end

        add(known, block)
      end

      # Around each HTTP attempt: the block gets the request (request_method, path without query, headers that it may
      # add to) and the attempt, which it calls once, for the answer's status; nil where there was none.
      # @return [void]
      def around_call(&block) = add(:around_call, block)

      private

      def add(step, block)
        raise ArgumentError, "Each step of an extension takes a block." unless block

        @steps[step] << block
        nil
      end
    end
  end

  # Adds to the sync: the block is told what an extension may do and says what this one does.
  #
  #   KrayinSync.extend("scoring") do |on|
  #     on.map(:contact) { |payload, snapshot| payload[:lead][:lead_value] ||= 100 if snapshot["email"] }
  #     on.skip? { |data, _event_name| "a test contact" if data.dig("contact", "name").to_s.start_with?("Test ") }
  #     on.after_sync { |ids, _outcome| Rails.logger.info("lead #{ids[:lead]}") }
  #   end
  #
  # Where one raises it is that event's {ExtensionError}, which has the extension's name.
  # @param modules [Array<#to_s, Module>] the extension's name; the file and line of the block where there is none
  # @yieldparam on [Extension::Steps]
  # @return [Extension] for `KrayinSync.configuration.extensions.remove`
  def self.extend(*modules, &block)
    return super(*modules) unless block

    name, *others = modules
    raise ArgumentError, "An extension has one name, a text." if others.any? || name.is_a?(Module)

    file, line = block.source_location
    extension = Extension.new((name || "#{File.basename(file.to_s)}:#{line}").to_s, &block)
    configuration.extensions.add(extension)
    extension
  end
end
