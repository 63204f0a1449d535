# frozen_string_literal: true

module KrayinSync
  # The classes of a host's that stand in the place of the gem's, by the names that the configuration has.
  # @api private
  module Registered
    # The options of {Configuration}, and what each must descend from.
    BASES = { contact_mapper: -> { Mappers::ContactMapper }, conversation_mapper: -> { Mappers::ConversationMapper },
              message_mapper: -> { Mappers::MessageMapper }, processor_service: -> { ProcessorService } }.freeze

    class << self
      # @param option [Symbol] of {BASES}
      # @return [Class, nil] nil where there is none
      # @raise [ExtensionError] where the name is none of such a class
      def class_of(option)
        given = KrayinSync.configuration.public_send(option)
        return if given.to_s.empty?

        Extensions.run(given.to_s, option) do
          found = given.is_a?(Class) ? given : named(given.to_s)
          base = BASES.fetch(option).call
          raise ArgumentError, "it must be a subclass of #{base}" unless found.is_a?(Class) && found <= base

          found
        end
      end

      # Who runs an event.
      # @return [Class]
      def processor = class_of(:processor_service) || ProcessorService

      # The mappers as maps, by what they map: who, and what to call.
      # @param settings [Hash{String => Object}] the hook's
      # @return [Hash{String => Array(String, #call)}]
      def mappers(settings)
        Extension::MAPPED.each_with_object({}) do |kind, found|
          mapper = class_of(:"#{kind}_mapper")
          next unless mapper

          found[kind] = [mapper.name.to_s, lambda { |payload, snapshot|
            record = SnapshotRecord.new(snapshot)
            changed = [mapper, payload, record, settings]
            kind == "contact" ? contact(*changed) : activity(kind, *changed)
            payload
          }]
        end
      end

      private

      def named(name)
        Object.const_get(name)
      rescue NameError => e
        # What the class's own file names and is not there is another matter.
        raise unless name.split("::").include?(e.name.to_s)

        raise ArgumentError, "there is no class of this name"
      end

      # What the host's mapper says otherwise than the gem's own.
      def contact(mapper, payload, record, settings)
        own, given = [Mappers::ContactMapper, mapper].map { |known| known.new(record) }
        change(payload[:person], own.map_to_person, given.map_to_person)
        change(payload[:lead], own.map_to_lead(nil, settings), given.map_to_lead(nil, settings))
        return unless Settings.on?(settings, "sync_to_organization")

        change(payload[:organization], own.map_to_organization.to_h, given.map_to_organization.to_h)
      end

      def activity(kind, mapper, payload, record, settings)
        base = BASES.fetch(:"#{kind}_mapper").call
        own, given = [base, mapper].map { |known| known.new(record).map_to_activity(1, settings).to_h }
        change(payload, own, given)
      end

      def change(payload, own, given)
        given = Arguments.hash(given, "what a mapper returns").transform_keys(&:to_sym)
        (own.keys | given.keys).each do |key|
          next if own[key] == given[key]

          given.key?(key) ? payload[key] = given[key] : payload.delete(key)
        end
      end
    end
  end

  # A snapshot as a mapper of the host's sees it: its fields by name, as those of a record.
  # @api private
  class SnapshotRecord
    include Opaque

    RECORDS = %w[contact conversation sender messages attachments contact_inboxes].freeze
    private_constant :RECORDS

    # @param snapshot [String] JSON of the record
    # @return [Object] the record, where it has its fields by name already
    def self.of(record, snapshot)
      record.is_a?(Hash) ? new(Extensions.either(JSON.parse(snapshot))) : record
    end

    def initialize(fields)
      @fields = fields
    end

    # @return [Object, nil]
    def [](name)
      value = @fields[name.to_s]
      return value unless RECORDS.include?(name.to_s)

      value.is_a?(Array) ? value.map { |inner| of(inner) } : of(value)
    end

    def to_h = @fields

    def respond_to_missing?(name, include_private = false) = @fields.key?(name.to_s) || super

    def method_missing(name, *arguments)
      arguments.empty? && @fields.key?(name.to_s) ? self[name] : super
    end

    private

    def of(value) = value.is_a?(Hash) ? SnapshotRecord.new(value) : value
  end
end
