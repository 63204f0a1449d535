# frozen_string_literal: true

module KrayinSync
  # Where ids are kept.
  module Records
    # @return [#load, #store] the installation's own place: inside Chatwoot its table
    def self.of_installation
      inside = defined?(::Integrations::Hook) && defined?(KrayinSync::Chatwoot::LinkStore)
      inside ? KrayinSync::Chatwoot::LinkStore.new : KrayinSync.records
    end
  end
end
