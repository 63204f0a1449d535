# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # What pipelines, stages and options are called in Krayin. Of a lead that has one with another name nothing has
    # changed, so no answer puts it before others.
    module KrayinNames
      class << self
        # @param settings [Hash{String => Object}] a hook's, with what the set-up learned
        # @param paths [Array<String>] of attributes that are shown
        # @return [Hash{String => String}] by what stays as it is
        def of(settings, paths)
          rows = settings.dig("traits", "pipelines").to_a.flat_map { |pipeline| with_stages(pipeline) }
          rows.concat(settings.dig("traits", "attributes").to_a.flat_map { |row| options(row, paths) })
          rows.to_h.transform_values { |name| name.to_s.strip }
        end

        # @param before [Hash{String => String}] as of {of}
        # @return [Boolean] whether one that is there still is called otherwise
        def changed?(before, now) = before.any? { |key, name| now.fetch(key, name) != name }

        private

        def with_stages(pipeline)
          stages = pipeline["stages"].to_a.map { |stage| ["stage:#{stage["id"]}", stage["name"]] }
          [["pipeline:#{pipeline["id"]}", pipeline["name"]], *stages]
        end

        def options(row, paths)
          path = "#{row["entity_type"].to_s.delete_suffix("s")}.#{row["code"]}"
          return [] unless paths.include?(path)

          row["options"].to_a.map { |id, name| ["option:#{path}:#{id}", name] }
        end
      end
    end
  end
end
