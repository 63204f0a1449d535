# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Where people see a record in Krayin's own pages, whose addresses are beside those of its API.
    module KrayinPages
      API = %r{/api(?:/(?:v\d+|admin))?/*\z}
      PATHS = { "person" => "contacts/persons/view", "lead" => "leads/view" }.freeze

      class << self
        # @param settings [Hash{String => Object}] a hook's
        # @return [String, nil] where its pages are; nothing where the address is none that a browser may be led to
        def root(settings)
          address = settings["api_url"].to_s.strip
          "#{address.sub(%r{/+\z}, "").sub(API, "")}/admin" if address.match?(%r{\Ahttps?://[^/?#\s@]+[^?#\s@]*\z}i)
        end

        # @return [String, nil]
        def of(settings, type, id)
          path = PATHS[type]
          root = root(settings)
          "#{root}/#{path}/#{id}" if path && root
        end
      end
    end
  end
end
