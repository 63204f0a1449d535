# frozen_string_literal: true

module KrayinSync
  module Api
    # Pipelines of leads. Records are hashes with the server's own keys.
    class PipelineClient < BaseClient
      # @return [Array<Hash>]
      def get_pipelines = session.call(:pipelines)

      # Needs +name+.
      # @return [Hash]
      def create_pipeline(pipeline_data) = post("settings/pipelines", pipeline_data).fetch("data")
    end
  end
end
