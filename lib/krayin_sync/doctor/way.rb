# frozen_string_literal: true

require "openssl"
require "socket"

module KrayinSync
  class Doctor
    # The way from here to a Krayin's port, as requests go it: straight, or through the proxy.
    # @api private
    class Way
      include Opaque

      PATIENCE = 10 # seconds

      # Where it ends: at the proxy, or at the server.
      class Blocked < StandardError
        # @return [String] "proxy" or "server"
        attr_reader :at
        # @return [Symbol] :name, :refused, :late, :certificate or :answer
        attr_reader :why

        def initialize(at, why)
          super("#{at}: #{why}")
          @at = at
          @why = why
        end
      end

      # @param uri [URI] of the server
      # @param network [Hash{String => String, nil}] as {KrayinSync::Network} has it
      def initialize(uri, network)
        @uri = uri
        @network = network
        @proxy = URI.parse(network["proxy"]) if network["proxy"]
      end

      # @return [Boolean]
      def proxied? = !@proxy.nil?

      # @return [String, nil] the proxy's host and port, no user and no password
      def proxy = @proxy && "#{@proxy.host}:#{@proxy.port}"

      # @yieldparam socket [IO] that the server's TLS may be spoken over
      # @raise [Blocked]
      def open
        socket = @proxy ? tunnel : connect(@uri.hostname, @uri.port, "server")
        yield socket
      ensure
        socket&.close
      end

      # The installation's authorities, beside the machine's.
      # @return [OpenSSL::X509::Store]
      def authorities
        store = OpenSSL::X509::Store.new
        store.set_default_paths
        folder = @network["ca_path"]
        files = [@network["ca_file"], *(folder && Dir.children(folder).map { |name| File.join(folder, name) })]
        files.compact.each { |file| certificates(file).each { |certificate| add(store, certificate) } }
        store
      end

      # @return [Array<OpenSSL::X509::Certificate>] the client's and its chain
      def client_certificates = @network["client_certificate"] ? certificates(@network["client_certificate"]) : []

      # @return [OpenSSL::PKey::PKey, nil]
      def client_key
        @network["client_key"] && OpenSSL::PKey.read(File.read(@network["client_key"]), "")
      rescue OpenSSL::PKey::PKeyError, SystemCallError
        nil
      end

      # Has a socket shake hands, within {PATIENCE}.
      # @param socket [OpenSSL::SSL::SSLSocket]
      # @return [Boolean]
      def handshake(socket)
        deadline = now + PATIENCE
        loop do
          state = socket.connect_nonblock(exception: false)
          return true unless %i[wait_readable wait_writable].include?(state)

          left = deadline - now
          return false if left <= 0

          state == :wait_readable ? socket.to_io.wait_readable(left) : socket.to_io.wait_writable(left)
        end
      end

      private

      def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

      def connect(host, port, at)
        Socket.tcp(host, port, connect_timeout: PATIENCE)
      rescue SocketError
        raise Blocked.new(at, :name)
      rescue Errno::ECONNREFUSED
        raise Blocked.new(at, :refused)
      rescue SystemCallError, IOError
        raise Blocked.new(at, :late)
      end

      # A connection to the server through the proxy.
      def tunnel
        socket = connect(@proxy.hostname, @proxy.port, "proxy")
        socket = encrypted(socket) if @proxy.scheme == "https"
        target = "#{@uri.host}:#{@uri.port}"
        socket.write("CONNECT #{target} HTTP/1.1\r\nHost: #{target}\r\n#{authorization}\r\n")
        raise Blocked.new("proxy", :answer) unless answer_of(socket).match?(%r{\AHTTP/1\.[01] 2\d\d})

        socket.is_a?(OpenSSL::SSL::SSLSocket) ? piped(socket) : socket
      rescue SystemCallError, IOError
        socket&.close
        raise Blocked.new("proxy", :late)
      rescue Blocked
        socket&.close
        raise
      end

      def encrypted(plain)
        context = OpenSSL::SSL::SSLContext.new
        context.verify_mode = OpenSSL::SSL::VERIFY_PEER
        context.cert_store = authorities
        socket = OpenSSL::SSL::SSLSocket.new(plain, context)
        socket.sync_close = true
        socket.hostname = @proxy.hostname
        return socket if handshake(socket)

        raise Blocked.new("proxy", :late)
      rescue OpenSSL::SSL::SSLError
        plain.close
        raise Blocked.new("proxy", :certificate)
      end

      # TLS is spoken over sockets alone: what it is to be spoken through again is put behind one.
      def piped(socket)
        here, there = UNIXSocket.pair
        [[there, socket], [socket, there]].each do |from, to|
          Thread.new do
            loop { to.write(from.readpartial(16_384)) }
          rescue SystemCallError, IOError, OpenSSL::SSL::SSLError
            [there, socket].each(&:close)
          end
        end
        here
      end

      def authorization
        return "" unless @proxy.userinfo

        user = @proxy.userinfo.split(":", 2).map { |part| URI.decode_www_form_component(part.gsub("+", "%2B")) }
        "Proxy-Authorization: Basic #{[user.join(":")].pack("m0")}\r\n"
      end

      def answer_of(socket)
        head = +""
        until head.end_with?("\r\n\r\n") || head.size > 16_384
          raise Blocked.new("proxy", :late) unless pending?(socket) || socket.to_io.wait_readable(PATIENCE)

          head << socket.readpartial(1)
        end
        head
      end

      def pending?(socket) = socket.respond_to?(:pending) && socket.pending.positive?

      def certificates(file)
        File.read(file).scan(/-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----/m).map do |pem|
          OpenSSL::X509::Certificate.new(pem)
        end
      rescue SystemCallError, OpenSSL::X509::CertificateError, ArgumentError
        []
      end

      def add(store, certificate)
        store.add_cert(certificate)
      rescue OpenSSL::X509::StoreError # it is there already
        nil
      end
    end
    private_constant :Way
  end
end
