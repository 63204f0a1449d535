# frozen_string_literal: true

# The suite with the collector at its worst in every call of the core and in what Ruby answers meanwhile:
# HEAP=compact moves all that can move before each, HEAP=stress collects at each allocation (hours for the whole suite).
module Heap
  module Compacted
    KrayinSync::Native.singleton_methods(false).each do |name|
      define_method(name) do |*arguments|
        GC.compact
        super(*arguments).tap { GC.start }
      end
    end
  end

  module Stressed
    KrayinSync::Native.singleton_methods(false).each do |name|
      define_method(name) do |*arguments|
        GC.stress = true
        super(*arguments)
      ensure
        GC.stress = false
      end
    end
  end

  WAYS = { "compact" => Compacted, "stress" => Stressed }.freeze
end

way = ENV.fetch("HEAP", nil)
KrayinSync::Native.singleton_class.prepend(Heap::WAYS.fetch(way)) if way
