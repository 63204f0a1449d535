# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # A row as a class of Chatwoot's reads it, encrypted and enumerated columns too, without the object that the class
    # makes of one: that costs more than the statement.
    class Row
      include Opaque

      # @param model [Class<ActiveRecord::Base>]
      # @param sql [String] of a statement that answers with one row at most
      # @return [Row, nil]
      def self.find(model, sql)
        result = model.connection.execute(sql, "#{model.name} Load")
        values = result.values.first
        values && new(model, result.fields.zip(values).to_h)
      ensure
        result&.clear
      end

      def initialize(model, values)
        @types = model.attribute_types
        @values = values
      end

      # @param name [Symbol, String] of a column; one that is none of the class's own is as the database tells it
      def [](name)
        name = name.name if name.is_a?(Symbol)
        value = @values[name]
        @types[name].deserialize(value) unless value.nil?
      end

      def id = self["id"]
    end
  end
end
