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

      def to_h = @lock.synchronize { @kept.dup }

      def inspect = "#<#{self.class.name} #{@kept.size} records>"
    end
  end
end
