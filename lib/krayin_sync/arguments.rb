# frozen_string_literal: true

module KrayinSync
  # What a caller may hand over, checked before anything is sent: an ArgumentError names what is wrong, never the value.
  # @api private
  module Arguments
    # The largest number that a record of Krayin can have.
    LARGEST_ID = (2**63) - 1

    # What is no record.
    BARE = [NilClass, TrueClass, FalseClass, String, Symbol, Numeric, Array].freeze

    class << self
      # The Rust side is one a process: its threads and connections, and the ports that Ruby answers.
      # @raise [Error]
      def main_ractor
        return if Ractor.current.equal?(Ractor.main)

        raise Error, "krayin_sync works in the main Ractor alone: hand what it is to do over to that one."
      end

      # @return [Integer]
      def id(value, name = "the id")
        number = Integer(value, 10, exception: false) if value.is_a?(String)
        number = value if value.is_a?(Integer)
        return number if number&.between?(1, LARGEST_ID)

        raise ArgumentError, "#{name} must be a positive number"
      end

      # @return [Hash]
      def hash(value, name = "the data")
        # An empty record is never meant, and a list is none.
        return value.to_h if !value.nil? && !value.is_a?(Array) && value.respond_to?(:to_h)

        raise ArgumentError, "#{name} must be a hash"
      end

      # A path below the API's address.
      # @return [String]
      def path(value)
        text = value.to_s
        return text unless text.delete("/").empty? || text.match?(%r{[?#]|:|(?:\A|/)\.{1,2}(?:/|\z)})

        raise ArgumentError, "the path must be one below the API's address, such as leads/5; give parameters apart"
      end

      # A record of Chatwoot's, an object that quacks like one, or a hash.
      # @return [Object]
      def record(value, name)
        main_ractor
        return value unless BARE.any? { |type| value.is_a?(type) }

        raise ArgumentError, "the #{name} must be a record or a hash"
      end

      # A hook's settings.
      # @return [Hash{String => Object}]
      # @raise [ConfigurationError]
      def settings(value)
        return value.to_h.transform_keys(&:to_s) if value.respond_to?(:to_h) && !value.is_a?(Array)

        raise ConfigurationError, "The Krayin settings cannot be used: they must be a hash."
      end

      # Where ids are kept.
      # @return [#load, #store]
      def records(value)
        return value if value.respond_to?(:load) && value.respond_to?(:store)

        raise ArgumentError, "the records must answer load(kind, id) and store(kind, id, json)"
      end

      # @return [#settings]
      def hook(value)
        return value if value.respond_to?(:settings)

        raise ArgumentError, "the hook must answer settings, as Struct.new(:settings).new({ \"api_url\" => … }) does"
      end
    end
  end
end
