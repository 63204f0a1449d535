# frozen_string_literal: true

module KrayinSync
  # The codec of external ids: +krayin:person:1|krayin:lead:2|krayin:organization:3|krayin:activity:4+.
  module ExternalId
    class << self
      # Reads whatever the text holds: other text, other orders and unknown types are no error.
      # @param source_id [String, nil]
      # @return [Hash{String => Integer}] by type
      def parse(source_id)
        Arguments.main_ractor
        Native.external_id_parse(source_id.to_s)
      end

      # @param ids [Hash{#to_s => Integer, String}] by type
      # @return [String]
      # @raise [ArgumentError] for an id that is no positive number or a type that could not be read again
      def build(ids)
        Arguments.main_ractor
        ids = Arguments.hash(ids, "the ids").to_h do |type, id|
          [Arguments.text(type.to_s, "each type"), Arguments.id(id, "each id")]
        end
        Native.external_id_build(ids)
      end

      # @return [String] with all of +ids+ put in
      def merge(source_id, ids) = build(parse(source_id).merge(Arguments.hash(ids, "the ids").transform_keys(&:to_s)))

      # @return [String] without the id of +type+
      def forget(source_id, type) = build(parse(source_id).except(type.to_s))

      # @return [Integer, nil]
      def extract(source_id, type) = parse(source_id)[type.to_s]
    end
  end
end
