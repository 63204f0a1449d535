# frozen_string_literal: true

module KrayinSync
  # What a caller may hand over, checked before anything is sent: an ArgumentError names what is wrong, never the value.
  # @api private
  module Arguments
    # The largest number that a record of Krayin can have.
    LARGEST_ID = (2**63) - 1

    # Larger ones are no number of JSON's any more.
    LARGEST_NUMBER = 10**300

    # What is text when it is written down.
    SCALARS = [String, Symbol, Numeric, TrueClass, FalseClass].freeze

    # What needs no further look, as nearly all of them.
    PLAIN_PATH = %r{\A[a-z0-9_-]+(?:/[a-z0-9_-]+)*\z}
    private_constant :PLAIN_PATH

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
        number = Integer(value, 10, exception: false) if value.is_a?(String) && value.encoding.ascii_compatible?
        number = value if value.is_a?(Integer)
        return number if number&.between?(1, LARGEST_ID)

        raise ArgumentError, "#{name} must be a positive number"
      end

      # @return [Hash]
      def hash(value, name = "the data")
        # An empty record is never meant, and a list is none.
        return value.to_h if hash?(value)

        raise ArgumentError, "#{name} must be a hash"
      end

      # Whether it is a hash or what makes one.
      def hash?(value) = !value.nil? && value.respond_to?(:to_h) && !list?(value)

      # A record's fields, as JSON has them: nothing in them is left out or made something else.
      # @return [Hash, Array]
      def fields(value, name = "the data")
        value.is_a?(Array) ? value.each { |inner| plain(inner, name, 1) } : plain(hash(value, name), name, 0)
        value
      end

      # @return [String, nil] UTF-8
      def text(value, name)
        return if value.nil?

        text = value.to_s if SCALARS.any? { |type| value.is_a?(type) } || value.respond_to?(:to_str)
        text = text.encode(Encoding::UTF_8) unless text.nil? || text.encoding == Encoding::UTF_8
        return text if text&.valid_encoding?

        raise ArgumentError, "#{name} must be text in UTF-8"
      rescue EncodingError
        raise ArgumentError, "#{name} must be text in UTF-8"
      end

      # The query of a request.
      # @return [Array<Array(String, String)>]
      def params(value)
        pairs = hash(value || {}, "the params").compact
        pairs.map { |name, inner| [text(name, "each param's name"), text(inner.to_s, "each param")] }
      end

      # A path below the API's address.
      # @return [String]
      def path(value)
        is_plain = value.is_a?(String) && value.encoding == Encoding::UTF_8 && value.ascii_only?
        return value if is_plain && value.match?(PLAIN_PATH)

        text = text(value, "the path").to_s
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

      # A hook's settings, not to be changed: they may be the caller's own.
      # @return [Hash{String => Object}]
      # @raise [ConfigurationError]
      def settings(value)
        if value.respond_to?(:to_h) && !list?(value)
          given = value.to_h
          return given.each_key.all?(String) ? given : given.transform_keys(&:to_s)
        end

        raise ConfigurationError.new("The Krayin settings cannot be used: they must be a hash.",
                                     problems: [Reason.new("not_an_object")])
      end

      # Where ids are kept.
      # @return [#load, #store]
      def records(value)
        return value if value.respond_to?(:load) && value.respond_to?(:store)

        raise ArgumentError, "the records must answer load(kind, id) and store(kind, id, json)"
      end

      # One of {Api}'s clients.
      # @return [#session]
      def client(value, name)
        return value if value.respond_to?(:session)

        raise ArgumentError, "the #{name} must be one of KrayinSync::Api's clients"
      end

      # Where a hook is found.
      # @return [#hooks, nil]
      def inbox(value)
        return value if value.nil? || value.respond_to?(:hooks)

        raise ArgumentError, "the inbox must answer hooks"
      end

      # @return [#settings]
      def hook(value)
        return value if value.respond_to?(:settings)

        raise ArgumentError, "the hook must answer settings, as Struct.new(:settings).new({ \"api_url\" => … }) does"
      end

      private

      # What is gone through has pairs only where it is a hash or a struct.
      def list?(value) = value.is_a?(Enumerable) && !value.is_a?(Hash) && !value.is_a?(Struct)

      # One that holds itself is nested without end.
      def plain(value, name, depth)
        deepest = JsonSafe::DEEPEST
        raise ArgumentError, "#{name} must not be nested more than #{deepest} deep" if depth > deepest

        case value
        when String, Symbol then text(value, "each text in #{name}")
        when Hash then value.each { |key, inner| [key, inner].each { |part| plain(part, name, depth + 1) } }
        when Array then value.each { |inner| plain(inner, name, depth + 1) }
        when Numeric then number(value, name)
        end
      end

      def number(value, name)
        return if value.real? && value.finite? && value.abs < LARGEST_NUMBER

        raise ArgumentError, "each number in #{name} must be one that JSON has, below 10**300"
      end
    end
  end
end
