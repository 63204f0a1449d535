# frozen_string_literal: true

require_relative "merge"

module KrayinSync
  module Records
    # Keeps ids in memory: for scripts and specs. A store has two methods; +json+ is the core's own and opaque, but for
    # its +revision+: where that is not the one that is kept, another writer came between, and {Merge} says what stays.
    class Memory
      include Opaque

      # @param hash [Hash{String => String}] what {#to_h} gave
      def self.from_h(hash) = new(hash)

      def initialize(kept = {})
        @kept = kept.dup
        @lock = Mutex.new
      end

      # @param kind [String] contact, conversation or message
      # @param id [Integer]
      # @return [String, nil] JSON
      def load(kind, id) = @lock.synchronize { @kept["#{kind}:#{id}"] }

      # Must be durable when it returns.
      # @return [void]
      def store(kind, id, json)
        @lock.synchronize do
          key = "#{kind}:#{id}"
          kept = @kept[key] && JSON.parse(@kept[key])
          @kept[key] = JSON.generate(Merge.after(JSON.parse(json), kept))
        end
      end

      # The contacts whose person this is in one Krayin. A store without this method does not notice that a number moved
      # from one contact to another before the first one's event came.
      # @param instance [String] which Krayin
      # @param person [Integer] its id there
      # @return [Array<Integer>]
      def contacts_of(instance, person)
        to_h.filter_map do |key, json|
          kind, id = key.split(":")
          stored = JSON.parse(json)
          its = stored["server"] == instance && ExternalId.extract(stored["ids"], "person") == person
          id.to_i if kind == "contact" && its
        end
      end

      def to_h = @lock.synchronize { @kept.dup }

      def inspect = "#<#{self.class.name} #{@kept.size} records>"
    end
  end
end
