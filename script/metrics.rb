# frozen_string_literal: true

# Writes the table of metrics in docs/operations.md from what Prometheus is told:
#
#     ruby script/metrics.rb

require_relative "../lib/krayin_sync"
require_relative "written"

# Each family of metrics.
module MetricsTable
  def self.document
    rows = KrayinSync::Metrics.families.map { |name, (type, help)| ["`#{name}`", type, help] }
    Written.table("docs/operations.md", "metrics", ["metric", "type", "what it counts"], rows)
  end
end

MetricsTable.document.write if $PROGRAM_NAME == __FILE__
