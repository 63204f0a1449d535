# frozen_string_literal: true

module KrayinSync
  # The records of an event as plain data, read once. Takes Chatwoot's records, objects that quack like them, and
  # hashes with string or symbol keys. Below it nothing knows ActiveRecord.
  module Snapshot
    CONTACT = %i[
      id account_id name middle_name last_name email phone_number identifier additional_attributes custom_attributes
    ].freeze

    # Deeper is no field that Krayin shows.
    DEEPEST = 20

    class << self
      # @return [String] JSON of an event's data
      def event(data)
        data = data.to_h.transform_keys(&:to_sym)
        plain = {}
        plain[:contact] = contact(data[:contact]) if data[:contact]
        JSON.generate(plain)
      end

      # @return [String] JSON of a contact
      def contact_json(contact) = JSON.generate(contact(contact))

      # @return [String] JSON of a hash of settings or of a record's fields
      def json(hash) = JSON.generate(plain(hash))

      # The field of a record or hash, nil where it has none.
      def read(record, field)
        if record.is_a?(Hash)
          record.fetch(field) { record[field.to_s] }
        elsif record.respond_to?(field)
          record.public_send(field)
        end
      end

      private

      def contact(record)
        CONTACT.to_h { |field| [field, plain(read(record, field))] }
      end

      # Values that JSON has: text in valid UTF-8, finite numbers, times in UTC.
      def plain(value, depth = 0)
        case value
        when nil, true, false, Integer then value
        when String, Symbol then text(value.to_s)
        when Float then value.finite? ? value : nil
        when Time then value.getutc.iso8601(3)
        when Hash then nested(depth) { value.to_h { |key, inner| [text(key.to_s), plain(inner, depth + 1)] } }
        when Array then nested(depth) { value.map { |inner| plain(inner, depth + 1) } }
        else other(value, depth)
        end
      end

      def other(value, depth)
        return plain(value.to_time, depth) if value.respond_to?(:acts_like_time?) && value.acts_like_time?
        return plain(value.to_h, depth + 1) if value.respond_to?(:to_h) && !value.is_a?(Struct)

        text(value.respond_to?(:iso8601) ? value.iso8601 : value.to_s)
      end

      def nested(depth)
        depth < DEEPEST ? yield : nil
      end

      def text(string)
        return string if string.encoding == Encoding::UTF_8 && string.valid_encoding?
        return string.scrub if string.encoding == Encoding::UTF_8

        string.encode(Encoding::UTF_8, invalid: :replace, undef: :replace)
      end
    end
  end
end
