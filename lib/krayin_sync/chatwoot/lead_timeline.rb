# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What Krayin itself notes in a lead's timeline: of each change of an attribute its new value, what people see of
    # that, and who made it. What the attribute is called there is the installation's language.
    module LeadTimeline
      class << self
        # @param activities [Array<Hash>] the timeline, as Krayin answers it
        # @param stage [Hash{String => Object}] where the lead is, by +id+ and +name+
        # @return [String, nil] who moved it there; nothing where that is not told
        def mover(activities, stage)
          noted = activities.select { |row| row["type"] == "system" }.sort_by { |row| -row["id"] }
          noted = noted.map { |row| [*change(row["additional"]), row["user"]] }
          moved = noted.find { |_, value, _| value == [stage["id"].to_s, stage["name"].to_s.strip] }
          # Where it was moved again since, what is known of the lead is too old.
          return unless moved && noted.find { |attribute, *| attribute == moved.first } == moved

          user = moved.last
          user["name"].to_s.strip.presence if user.is_a?(Hash)
        end

        private

        def change(told)
          return [nil, nil] unless told.is_a?(Hash) && told["new"].is_a?(Hash)

          [told["attribute"].to_s, told["new"].values_at("value", "label").map { |one| one.to_s.strip }]
        end
      end
    end
  end
end
