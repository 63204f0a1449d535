# frozen_string_literal: true

module KrayinSync
  module Records
    # What a store keeps where another writer came between a load and the store that follows it.
    module Merge
      class << self
        # @param ours [Hash{String => Object}] what is to be stored, with the revision that was loaded
        # @param kept [Hash{String => Object}, nil] what is kept by now
        # @return [Hash{String => Object}] ours, beside what the other added; its revision is one later
        def after(ours, kept)
          revision = kept ? kept["revision"].to_i : 0
          ours = beside(ours, kept) if kept && ours["revision"].to_i != revision && ours["server"] == kept["server"]
          ours.merge("revision" => revision + 1)
        end

        private

        def beside(ours, kept)
          # What a person has decided meanwhile holds.
          ours = { "decision" => kept["decision"] }.compact.merge(ours)
          ours.merge(
            "ids" => ExternalId.merge(kept["ids"], ExternalId.parse(ours["ids"])),
            "sent" => kept["sent"].to_h.merge(ours["sent"].to_h),
            "stages" => ours["stages"].to_a | kept["stages"].to_a
          )
        end
      end
    end
    private_constant :Merge
  end
end
