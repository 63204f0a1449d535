# frozen_string_literal: true

# The part of JSON Schema that the schemas of integrations use.
module JsonSchemer
  TYPES = { "object" => Hash, "string" => String, "integer" => Integer, "array" => Array, "number" => Numeric }.freeze

  Schema = Struct.new(:schema) do
    def valid?(data) = fits?(data, schema)

    private

    def fits?(data, schema)
      of_type?(data, schema["type"]) && (schema["enum"].nil? || schema["enum"].include?(data)) &&
        (!data.is_a?(Hash) || object?(data, schema))
    end

    def of_type?(data, types)
      Array(types).empty? || Array(types).any? do |type|
        type == "boolean" ? [true, false].include?(data) : data.is_a?(TYPES.fetch(type))
      end
    end

    def object?(data, schema)
      known = schema["properties"] || {}
      Array(schema["required"]).all? { |key| data.key?(key) } &&
        data.all? { |key, value| known.key?(key) ? fits?(value, known[key]) : schema["additionalProperties"] != false }
    end
  end

  def self.schema(schema) = Schema.new(schema)
end
