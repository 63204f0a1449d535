# frozen_string_literal: true

module KrayinSync
  class Doctor
    # What stands between here and a Krayin, looked at step by step: name, connection, certificate, and pages that take
    # no token. Only for whoever runs the installation, and only where the core's own guard has let the address through.
    # @api private
    class Network
      PATIENCE = 10 # seconds
      # What OpenSSL's numbers mean: code, what was seen, what to do.
      CERTIFICATE = {
        9 => ["certificate_not_valid_yet", "the certificate is not valid yet",
              "Check this machine's clock; else have the certificate issued anew."],
        10 => ["certificate_expired", "the certificate has expired",
               "Renew it (certbot renew), and have the web server reload."],
        18 => ["certificate_self_signed", "the certificate is signed by itself alone",
               "Get one from an authority (certbot), or name its file in SSL_CERT_FILE."],
        19 => ["certificate_unknown_authority", "the certificate is from an authority that this machine does not know",
               "Add the authority to this machine (update-ca-certificates), or name its file in SSL_CERT_FILE."],
        20 => ["certificate_incomplete",
               "the certificate comes without the one that it was signed with, or is from an authority that this " \
               "machine does not know",
               "Have the web server send the whole chain (fullchain.pem); else add the authority to this machine."]
      }.freeze
      CERTIFICATE_OF = CERTIFICATE.merge(21 => CERTIFICATE[20]).freeze
      private_constant :CERTIFICATE, :CERTIFICATE_OF

      def initialize(url)
        @uri = URI.parse(url)
      end

      # @return [Finding] why there is no answer
      def without_answer(error)
        addresses = resolve
        return name_unknown unless addresses

        socket = connect
        return socket if socket.is_a?(Finding)

        socket.close
        return certificate || silent(error) if @uri.scheme == "https"

        silent(error)
      end

      # A page that takes no token.
      # @return [Net::HTTPResponse, nil]
      def page(path)
        require "net/http"
        options = { use_ssl: @uri.scheme == "https", open_timeout: PATIENCE, read_timeout: PATIENCE }
        Net::HTTP.start(@uri.host, @uri.port, **options) do |http|
          http.get(path, "Accept" => "text/html,application/json", "Accept-Encoding" => "identity")
        end
      rescue StandardError
        nil
      end

      private

      def resolve
        Addrinfo.getaddrinfo(@uri.hostname, @uri.port, nil, :STREAM)
      rescue SocketError
        nil
      end

      def name_unknown
        Finding.new("fail", "name_unknown", "address", "no name server knows #{@uri.hostname}",
                    "Correct the address, or this machine's name server (/etc/resolv.conf; a container's network).")
      end

      # @return [Socket, Finding]
      def connect
        Socket.tcp(@uri.hostname, @uri.port, connect_timeout: PATIENCE)
      rescue Errno::ECONNREFUSED
        Finding.new("fail", "connection_refused", "address",
                    "#{@uri.hostname} is there, but nothing listens at port #{@uri.port}",
                    "Check that Krayin is running (its web server), and that the port is right.")
      rescue SystemCallError, IOError
        Finding.new("fail", "connection_timed_out", "address",
                    "#{@uri.hostname} does not let anybody connect to port #{@uri.port}",
                    "Open the port in the firewalls between the two machines, or check the address.")
      end

      # @return [Finding, nil] what is wrong with the certificate
      def certificate
        seen = handshake
        return not_tls if seen.nil?

        # One that has expired is told before one that nobody knows: it may be both.
        code, told, advice = CERTIFICATE_OF.values_at(*(CERTIFICATE_OF.keys & seen[:errors])).first
        return wrong(code, told, advice, seen[:peer]) if code
        return if OpenSSL::SSL.verify_certificate_identity(seen[:peer], @uri.hostname)

        wrong("certificate_wrong_host", "the certificate is for another name",
              "Have it issued for #{@uri.hostname}, or use the name that it is for.", seen[:peer])
      end

      # Nothing is sent after it.
      def handshake
        errors = []
        context = OpenSSL::SSL::SSLContext.new
        context.verify_mode = OpenSSL::SSL::VERIFY_PEER
        context.cert_store = OpenSSL::X509::Store.new.tap(&:set_default_paths)
        context.verify_callback = lambda do |good, store|
          errors << store.error unless good
          true
        end
        tls(context) { |socket| { errors: errors, peer: socket.peer_cert } }
      end

      def tls(context)
        plain = Socket.tcp(@uri.hostname, @uri.port, connect_timeout: PATIENCE)
        socket = OpenSSL::SSL::SSLSocket.new(plain, context)
        socket.hostname = @uri.hostname unless @uri.hostname.match?(/\A[\d.:]+\z/)
        handshaken?(socket) ? yield(socket) : nil
      rescue OpenSSL::SSL::SSLError, SystemCallError, IOError
        nil
      ensure
        plain&.close
      end

      def handshaken?(socket)
        deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + PATIENCE
        loop do
          state = socket.connect_nonblock(exception: false)
          return true unless %i[wait_readable wait_writable].include?(state)

          left = deadline - Process.clock_gettime(Process::CLOCK_MONOTONIC)
          return false if left <= 0

          state == :wait_readable ? socket.io.wait_readable(left) : socket.io.wait_writable(left)
        end
      end

      def wrong(code, told, advice, peer)
        details = { "not_before" => peer.not_before.utc.iso8601, "not_after" => peer.not_after.utc.iso8601,
                    "names" => names(peer) }
        told += " (since #{peer.not_after.utc.strftime("%Y-%m-%d")})" if code == "certificate_expired"
        told += " (#{details["names"].first(3).join(", ")})" if code == "certificate_wrong_host"
        Finding.new("fail", code, "address", told, advice, details)
      end

      def names(peer)
        named = peer.extensions.find { |extension| extension.oid == "subjectAltName" }&.value.to_s
        named.scan(/(?:DNS|IP Address):([\w.*:-]+)/).flatten
      end

      def not_tls
        Finding.new("fail", "no_tls", "address", "what listens at port #{@uri.port} does not speak https",
                    "Use http:// on this machine alone, or have the web server speak https at that port.")
      end

      def silent(error)
        Finding.new("fail", error.reason.code, "address", "the connection is taken, but no whole answer comes",
                    "Look at the load and at the log of Krayin's web server and of PHP (php-fpm: max_children).")
      end
    end
    private_constant :Network
  end
end
