# frozen_string_literal: true

module KrayinSync
  module Api
    # Activities. Records are hashes with the server's own keys.
    class ActivityClient < BaseClient
      # A title with a comma cannot be searched for.
      # @return [Array<Hash>] those of exactly that title, the oldest first
      def search_activity(title) = session.call(:search_activity, text(title, "the title").to_s)

      # Needs +type+; a note +comment+, a call, a meeting and a lunch +schedule_from+ and +schedule_to+, which the
      # server reads in its own time zone. One link a request: +lead_id+ or +person_id+.
      # @return [Hash]
      def create_activity(activity_data) = session.call(:create_activity, fields!(activity_data))

      # Absent fields stay; a link is added to those that are there.
      # @return [Hash]
      def update_activity(activity_data, activity_id)
        session.call(:update_activity, fields!(activity_data), id!(activity_id))
      end

      # @return [Hash]
      def get_activity(activity_id) = session.call(:get_activity, id!(activity_id))
    end
  end
end
