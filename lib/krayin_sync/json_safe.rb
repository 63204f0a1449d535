# frozen_string_literal: true

module KrayinSync
  # Values that JSON has: text in valid UTF-8, finite numbers, times in UTC or, where they have one, in their zone.
  module JsonSafe
    # Deeper is no field that Krayin shows.
    DEEPEST = 20

    class << self
      def of(value, depth = 0)
        case value
        when nil, true, false, Integer then value
        when String, Symbol then text(value.to_s)
        when Numeric then number(value)
        when Time then time(value)
        when Hash then nested(depth) { value.to_h { |key, inner| [text(key.to_s), of(inner, depth + 1)] } }
        when Array then nested(depth) { value.map { |inner| of(inner, depth + 1) } }
        else other(value, depth)
        end
      end

      private

      # BigDecimal and Rational as the number that they are, whatever their `to_s` and `as_json` make of it.
      def number(value)
        return unless value.real? && value.finite?

        whole = value.to_i
        value == whole && !value.is_a?(Float) ? whole : value.to_f
      end

      # A Time, to whom ActiveSupport counts its own with a zone.
      def time(value) = value.respond_to?(:time_zone) ? value.iso8601(3) : value.getutc.iso8601(3)

      def other(value, depth)
        return time(value) if value.respond_to?(:time_zone) && value.respond_to?(:in_time_zone)
        return of(value.to_time, depth) if value.respond_to?(:acts_like_time?) && value.acts_like_time?
        return of(value.to_ary, depth) if value.respond_to?(:to_ary)
        return of(value.to_h, depth + 1) if value.respond_to?(:to_h) && !value.is_a?(Enumerable)

        text(value.respond_to?(:iso8601) ? value.iso8601 : value.to_s)
      end

      def nested(depth)
        depth < DEEPEST ? yield : nil
      end

      def text(string)
        return string if string.encoding == Encoding::UTF_8 && string.valid_encoding?
        return string.scrub if string.encoding == Encoding::UTF_8

        string.encode(Encoding::UTF_8, invalid: :replace, undef: :replace)
      rescue Encoding::ConverterNotFoundError
        # UTF-7, of old mail: Ruby knows its name alone.
        string.dup.force_encoding(Encoding::UTF_8).scrub
      end
    end
  end
end
