# frozen_string_literal: true

module KrayinSync
  module Chatwoot
    # The files of the pages that people see, as a Rack application. They hold nothing of any account: what is shown is
    # asked for by the browser, at Chatwoot's own API and with the session that Chatwoot's dashboard has.
    module Pages
      FOLDER = File.expand_path("../pages", __dir__)
      # Where a page is, and below which folder what it loads.
      ADDRESS = "/krayin_sync"
      PANEL = "#{ADDRESS}/panel".freeze
      LOADED = "#{ADDRESS}/pages/".freeze
      TYPES = { ".html" => "text/html; charset=utf-8", ".js" => "text/javascript; charset=utf-8",
                ".css" => "text/css; charset=utf-8", ".json" => "application/json" }.freeze
      # Nothing runs that is not a file of ours, and nothing comes from, or goes, elsewhere.
      POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " \
               "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
      HEADERS = {
        "content-security-policy" => POLICY, "x-content-type-options" => "nosniff", "referrer-policy" => "no-referrer",
        "x-frame-options" => "SAMEORIGIN",
        # A packed gem's files all have one time, which says nothing of what is newer.
        "cache-control" => "no-store"
      }.freeze

      PAGES = { "index.html" => ADDRESS, "panel.html" => PANEL }.freeze
      # By their addresses: what is not among them is not there.
      FILES = Dir.glob("**/*", base: FOLDER).select { |name| TYPES.key?(File.extname(name)) }.to_h do |name|
        [PAGES.fetch(name, "#{LOADED}#{name}"), name]
      end.freeze
      private_constant :FOLDER, :TYPES, :HEADERS, :PAGES, :FILES

      class << self
        # @param hook [Integrations::Hook]
        # @return [String] where an administrator sees how a connection stands; only its path where its own address
        #   is not known
        def of(hook)
          "#{Chatwoot.address}#{ADDRESS}#account=#{hook.account_id}&connection=#{hook.id}"
        end

        # @param env [Hash{String => Object}] Rack's
        # @return [Array(Integer, Hash, Array<String>)]
        def call(env)
          name = FILES[env["PATH_INFO"].to_s.chomp("/")]
          return [404, HEADERS.merge("content-type" => "text/plain"), ["There is no such page.\n"]] unless name

          [200, HEADERS.merge("content-type" => TYPES.fetch(File.extname(name))), [File.read(File.join(FOLDER, name))]]
        end
      end
    end
  end
end
