# frozen_string_literal: true

class JsonbAttributesLengthValidator < ActiveModel::EachValidator
  def validate_each(record, attribute, value)
    value.each do |key, held|
      record.errors.add(attribute, "#{key} is too long") if held.is_a?(String) && held.length > 1500
      record.errors.add(attribute, "#{key} is too large") if held.is_a?(Integer) && held > 9_999_999_999
    end
  end
end
