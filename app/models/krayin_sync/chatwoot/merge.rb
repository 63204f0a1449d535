# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Which contact another one was merged into. Chatwoot's event does not tell, and who was merged is gone by then: so
    # it is noted with the link, in the transaction of the merge itself, until Krayin has been told.
    module Merge
      NOTED = %w[name email phone_number].freeze
      # The longest chain of merges that is followed.
      CHAIN = 10
      private_constant :NOTED, :CHAIN

      class << self
        # @param kept [Contact, #id]
        # @param merged [Contact, #id] as it was before
        # @return [void]
        def note(kept, merged)
          said = merged.attributes.slice(*NOTED).compact.merge("into" => kept.id)
          # An error of ours must not end Chatwoot's transaction.
          link.transaction(requires_new: true) do
            forward(merged.id, kept.id)
            link.where(kind: "contact", record_id: merged.id)
                .update_all(["merged = ?, state = 'waiting', updated_at = ?", JSON.generate(said), Time.now.utc])
          end
        end

        # @param instance [String, nil] of which Krayin; of any where nil
        # @return [Hash{String => Object}, nil] what was noted of a merged contact, and not yet told there
        def of(id, instance = nil) = links(id, instance).where.not(merged: nil).pick(:merged)

        # @return [Integer, nil] the contact that is there
        def kept(id)
          CHAIN.times do
            return id if id.nil? || ::Contact.unscoped.exists?(id: id)

            id = of(id)&.fetch("into", nil)
          end
          nil
        end

        # That Krayin knows by now.
        # @return [void]
        def done(id, instance)
          links(id, instance)
            .update_all("merged = NULL, state = CASE WHEN state = 'waiting' THEN 'skipped' ELSE state END")
        end

        private

        # Who was merged into this one before goes on with it, also in a Krayin that never knew this one.
        def forward(from, into)
          link.where(kind: "contact").where.not(state: "synced").where("merged ->> 'into' = ?", from.to_s)
              .update_all(["merged = jsonb_set(merged, '{into}', ?::jsonb)", into.to_s])
        end

        def links(id, instance) = link.where(kind: "contact", record_id: id, **{ instance: instance }.compact)

        def link = KrayinSync::Records::Link
      end
    end
  end
end
