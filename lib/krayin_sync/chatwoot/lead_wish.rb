# frozen_string_literal: true

require "bigdecimal"
require "date"
require "time"

module KrayinSync
  module Chatwoot
    # What an agent has written into one of a lead's attributes, as Krayin takes it. A page of Chatwoot sends a number
    # as a text, and a day as the midnight of the agent's own clock; a program sends what it likes.
    module LeadWish
      # What Krayin's own rule lets through; what is more than the most it cuts without a word.
      AMOUNT = /\A\d{1,8}(?:\.\d{1,4})?\z/
      DAY = /\A\d{4}-\d{2}-\d{2}\z/
      MOMENT = /\A\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/
      # Seconds after which a midnight anywhere from Hawaii to Auckland's summer is the day that is meant.
      MIDDAY = 13 * 3600
      private_constant :AMOUNT, :DAY, :MOMENT, :MIDDAY

      class << self
        # @param key [String] an attribute's
        # @param value [Object] as it stands with the contact
        # @return [Object, nil] as a contact shows it; nothing where it is none
        def read(key, value)
          case key
          when "krayin_value" then amount(value)
          when "krayin_closing_date" then day(value)
          else value.is_a?(String) ? value.strip.presence : value
          end
        end

        # Whether both say the same.
        def same?(key, one, other)
          one == other || (!(value = read(key, one)).nil? && value == read(key, other))
        end

        # @param amount [Integer, Float] as {.read} has it
        # @return [String] as Krayin takes it
        def decimal(amount) = plain(amount)

        # @param users [Array<Hash>] Krayin's
        # @return [Array<Integer>] ids of those who are meant: by name, else by e-mail address
        def owners(value, users)
          wanted = value.to_s.strip
          of = ->(field, &by) { users.select { |user| by.call(user[field].to_s.strip) }.map { |user| user["id"] } }
          [of.call("name") { |name| name == wanted }, of.call("name") { |name| name.casecmp?(wanted) },
           of.call("email") { |email| email.casecmp?(wanted) }].find(&:any?) || []
        end

        private

        def amount(value)
          return unless value.is_a?(Numeric) || value.is_a?(String)

          text = value.is_a?(Numeric) ? plain(value) : value.strip
          return unless text&.match?(AMOUNT)

          number = text.to_f
          number == number.to_i ? number.to_i : number
        end

        def plain(number)
          return unless number.is_a?(Integer) || (number.respond_to?(:finite?) && number.finite?)

          BigDecimal(number.to_s).to_s("F").delete_suffix(".0")
        end

        def day(value)
          text = value.to_s.strip
          return Date.strptime(text, "%Y-%m-%d").iso8601 if text.match?(DAY)

          (Time.parse(text).utc + MIDDAY).strftime("%Y-%m-%d") if text.match?(MOMENT)
        rescue ArgumentError
          nil
        end
      end
    end
  end
end
