# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What an agent chooses from: names change seldom, so all of a connection's panels ask once in a while.
    class PanelChoices
      include Opaque

      PATHS = { "sources" => "settings/sources", "users" => "settings/users", "products" => "products" }.freeze
      # Seconds.
      KEPT = 300
      MOST = 500
      private_constant :PATHS, :KEPT, :MOST

      # @param hook [Integrations::Hook]
      def initialize(hook)
        @hook = hook
      end

      # @param what [String] sources, users or products
      # @return [Hash{Symbol => Object}] choices, id and name of each, a product's price too; or error, a sentence
      # @raise [ArgumentError]
      def of(what)
        path = PATHS.fetch(what) { raise ArgumentError, "of must be one of #{PATHS.keys.join(", ")}." }
        key = RedisStore.key("choices", @hook.id, what)
        kept = RedisStore.call("GET", key)
        return { choices: JSON.parse(kept) } if kept

        found = JSON.generate(read(path))
        RedisStore.call("SET", key, found, "EX", KEPT)
        { choices: JSON.parse(found) }
      rescue ApiError => e
        { choices: [], error: e.reason.sentence(::I18n.locale) }
      end

      private

      def read(path)
        PanelReader.new(@hook.settings.to_h, bulk: false).all(path).first(MOST).map do |one|
          { id: one["id"], name: one["name"].to_s.strip, price: one["price"] }.compact
        end
      end
    end
  end
end
