# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Which tags a person and its leads bear. No answer of Krayin's shows that; where tags follow both ways, what is
    # kept with the contact's link tells it of the account's labels.
    module PanelTags
      ON = /(person|lead):(\d+)[+-]/
      private_constant :ON

      # @param link [KrayinSync::Records::Link]
      # @param settings [Hash{String => Object}] a hook's
      # @return [Hash{Array(String, Integer) => Array<String>}] labels by record: person or lead, and its id
      def self.of(link, settings)
        known = Hash.new { |tags, record| tags[record] = [] }
        return known unless TagLook.on?(settings)

        link.sent.to_h.each do |name, mark|
          next unless name.start_with?(TaggedContact::MARK)

          borne = mark.to_s.partition(" on ").last.scan(ON)
          borne.each { |entity, id| known[[entity, id.to_i]] |= [name.delete_prefix(TaggedContact::MARK)] }
        end
        known
      end
    end
  end
end
