# frozen_string_literal: true

require "ipaddr"
require_relative "remembered"

module KrayinSync
  # How requests leave the installation: its proxy, authorities and client certificate, as the core takes them.
  # @api private
  module Network
    PROXIES = %w[http_proxy https_proxy all_proxy].flat_map { |name| [name, name.upcase] }.freeze
    private_constant :PROXIES

    FILES = %w[ca_file ca_path client_certificate client_key].freeze

    @parsed = Remembered.new(64)

    Address = Struct.new(:scheme, :hostname, :port, :loopback)
    private_constant :Address

    class << self
      # @param api_url [String, nil] of the Krayin that is to be reached
      # @return [Hash{String => String, nil}] of what has a path or an address
      def settings(api_url, configuration = KrayinSync.configuration)
        files = FILES.to_h { |name| [name, configuration.public_send(name)&.to_s] }
        files.merge("proxy" => proxy(api_url.to_s, configuration))
      end

      # @raise [ConfigurationError] naming what is not there, or is not what it should be
      def check(configuration)
        proxy = configuration.proxy
        Native.check_network(Snapshot.json(settings(nil, configuration).merge("proxy" => proxy && complete(proxy))))
      end

      private

      # The environment's is none for this machine itself, as Ruby has it; one that was set is for all that no_proxy
      # leaves.
      def proxy(api_url, configuration)
        return if configuration.proxy == false
        # Nothing is read where nothing says a proxy.
        return unless configuration.proxy || PROXIES.any? { |name| ENV.key?(name) }

        uri = parsed(api_url)
        return unless uri

        given = configuration.proxy || (of_environment(uri.scheme) unless uri.loopback)
        return if given.to_s.strip.empty?

        excepted = configuration.no_proxy || environment("no_proxy")
        complete(given) unless excepted?(uri, Array(excepted).join(","))
      end

      # Those of the hooks come again with every event.
      def parsed(api_url) = @parsed.fetch(api_url) { parse(api_url) }

      def parse(api_url)
        # Loaded here, since most never need it and it takes as long as all of the gem.
        require "uri"
        # A name in any script, as it goes over the wire.
        uri = URI.parse(Native.plain_address(JsonSafe.of(api_url)).to_s)
        Address.new(uri.scheme, uri.hostname, uri.port, loopback?(uri.hostname)) if uri.is_a?(URI::HTTP) && uri.hostname
      rescue URI::InvalidURIError
        nil
      end

      # Whoever sends a request to a CGI script names the variable HTTP_PROXY.
      def of_environment(scheme)
        return environment("https_proxy") || environment("all_proxy") if scheme == "https"
        return ENV.fetch("http_proxy", nil) if ENV.key?("REQUEST_METHOD")

        environment("http_proxy") || environment("all_proxy")
      end

      def environment(name)
        [ENV.fetch(name, nil), ENV.fetch(name.upcase, nil)].find { |value| !value.to_s.empty? }
      end

      def complete(address) = address.to_s.include?("://") ? address.to_s : "http://#{address}"

      def loopback?(host) = host.casecmp?("localhost") || address(host)&.loopback? || false

      def excepted?(uri, list)
        host = uri.hostname.downcase.delete_suffix(".")
        list.split(/[\s,]+/).reject(&:empty?).any? { |entry| entry == "*" || covers?(entry.downcase, host, uri.port) }
      end

      # A name stands for those below it too; an address may be a range.
      def covers?(entry, host, port)
        range = address(entry.delete("[]"))
        return address(host) ? range.include?(address(host)) : false if range

        name, its_port = entry.split(":", 2)
        return false if its_port && its_port.to_i != port

        name = name.delete_prefix("*").delete_prefix(".").delete_suffix(".")
        host == name || host.end_with?(".#{name}")
      end

      def address(text)
        IPAddr.new(text)
      rescue IPAddr::Error
        nil
      end
    end
  end
end
