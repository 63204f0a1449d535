# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # Where people see a record in Krayin's own pages, whose addresses are beside those of its API.
    module KrayinPages
      # An address that a browser may be led to: the server, and what it is under there.
      ADDRESS = %r{\A(https?://[^/\s@]+)(/[^\s@]*)?\z}i
      PATHS = { "person" => "contacts/persons/view", "lead" => "leads/view" }.freeze
      private_constant :ADDRESS, :PATHS

      class << self
        # @param settings [Hash{String => Object}] a hook's
        # @return [String, nil] where its pages are
        def root(settings)
          server, path = settings["api_url"].to_s.strip[/\A[^?#]*/].match(ADDRESS)&.captures
          # As the core has it: what stands before the API's own path.
          before = path.to_s.split("/").reject(&:empty?).take_while { |part| !part.casecmp?("api") }
          [server, *before, "admin"].join("/") if server
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
