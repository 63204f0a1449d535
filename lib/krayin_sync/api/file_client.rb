# frozen_string_literal: true

module KrayinSync
  module Api
    # The files of activities: which there are. Records are hashes with the server's own keys, +id+, +name+ and +path+,
    # and +activity_id+. To bring one and to fetch what is in one are no calls of JSON, and not among these.
    class FileClient < BaseClient
      # @return [Array<Hash>] the files of one activity
      def get_files(activity_id) = files_of([get("activities/#{id!(activity_id)}").fetch("data")])

      # @return [Array<Hash>] the files of a lead's activities, the latest activity's first
      def get_lead_files(lead_id) = files_of(get("leads/#{id!(lead_id)}/activities").fetch("data"))

      # @return [Array<Hash>] the files of a person's activities, the latest activity's first
      def get_person_files(person_id)
        files_of(get("contacts/persons/#{id!(person_id)}/activities").fetch("data"))
      end

      private

      def files_of(activities)
        activities.flat_map do |activity|
          activity.fetch("files", nil).to_a.map { |file| file.merge("activity_id" => activity["id"]) }
        end
      end
    end
  end
end
