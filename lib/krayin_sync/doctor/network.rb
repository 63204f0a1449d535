# frozen_string_literal: true

module KrayinSync
  class Doctor
    # What stands between here and a Krayin, looked at step by step: name, proxy, connection, certificates, and pages
    # that take no token. Only for whoever runs the installation, and only where the core's own guard has let the
    # address through.
    # @api private
    class Network
      include Opaque

      # What OpenSSL's numbers mean.
      CERTIFICATE = { 9 => "certificate_not_valid_yet", 10 => "certificate_expired", 18 => "certificate_self_signed",
                      19 => "certificate_unknown_authority", 20 => "certificate_incomplete",
                      21 => "certificate_incomplete" }.freeze
      # What came of a failed attempt, and what there is to say of it.
      DETAILS = { "host_private" => "address_private", "host_unknown_here" => "host_unknown_here",
                  "no_authorities" => "authorities_missing" }.freeze
      # Why a server cannot be connected to.
      CONNECTION = { name: "name_unknown", refused: "connection_refused", late: "connection_timed_out" }.freeze
      private_constant :CERTIFICATE, :DETAILS, :CONNECTION

      # A page that was answered.
      Page = Struct.new(:status, :headers, :body)
      private_constant :Page

      # @param session [Session] of the set-up, whose way is gone
      # @param url [String] of the Krayin
      def initialize(session, url, words)
        @session = session
        @words = words
        @uri = URI.parse(url)
        @way = Way.new(@uri, KrayinSync::Network.settings(@uri.to_s))
      end

      # @return [Finding] why there is no answer
      def without_answer(error)
        detail = error.detail&.code.to_s
        return told(DETAILS[detail]) if DETAILS.key?(detail)
        return proxy(detail) if %w[proxy_password proxy_does_not_connect].include?(detail)

        @uri.scheme == "https" || !@way.proxied? ? looked_at(error) : through_proxy(error, detail)
      rescue Way::Blocked => e
        blocked(e)
      end

      # @param code [String] of what is wrong with the proxy
      # @return [Finding]
      def proxy(code) = @words.fail(code, "address", { proxy: @way.proxy, host: @uri.hostname })

      # A page that takes no token, by the way that requests go.
      # @param as_call [Boolean] whether it is asked for as a call is, else as a browser does
      # @return [Page, nil]
      def page(path, as_call: false)
        answer = JSON.parse(Native.page(@session, path, as_call))
        return unless answer["status"]

        headers = answer["headers"].group_by(&:first).transform_values { |pairs| pairs.map(&:last).join(", ") }
        Page.new(answer["status"], headers, answer["body"])
      rescue Error
        nil
      end

      private

      def told(code) = @words.fail(code, "address", { host: @uri.hostname })

      def blocked(blocked)
        if blocked.at == "server"
          return @words.fail(CONNECTION.fetch(blocked.why), "address", { host: @uri.hostname, port: @uri.port })
        end

        known = { certificate: "proxy_certificate", answer: "proxy_does_not_connect" }
        proxy(known.fetch(blocked.why, "proxy_unreachable"))
      end

      # Of plain http the proxy asks the server itself: what it makes of that comes as an answer.
      def through_proxy(error, detail)
        %w[no_connection connection_late].include?(detail) ? proxy("proxy_unreachable") : silent(error)
      end

      def looked_at(error)
        seen = @uri.scheme == "https" ? @way.open { |socket| handshake(socket, error) } : @way.open { nil }
        return silent(error) unless seen

        client_certificate(seen) || certificate(seen) || silent(error)
      end

      def client_certificate(seen)
        return unless seen[:asked] && seen[:refused]

        @words.fail(@way.client_certificates.empty? ? "client_certificate_missing" : "client_certificate_refused",
                    "address")
      end

      # @return [Finding, nil] what is wrong with the certificate
      def certificate(seen)
        return @words.fail("no_tls", "address", { port: @uri.port }) unless seen[:peer]
        return @words.fail("tls_too_old", "address", { version: seen[:version] }) if seen[:version] < "TLSv1.2"

        # One that has expired is told before one that nobody knows: it may be both.
        code = CERTIFICATE.values_at(*(CERTIFICATE.keys & seen[:errors])).first
        code ||= "certificate_wrong_host" unless OpenSSL::SSL.verify_certificate_identity(seen[:peer], @uri.hostname)
        code ? wrong(code, seen[:peer]) : unlike(seen)
      end

      # The core is stricter than OpenSSL.
      def unlike(seen)
        detail = seen[:detail]
        return @words.fail("tls_ciphers_old", "address", { cipher: seen[:cipher] }) if detail&.code == "no_tls"
        return unless detail&.code.to_s.start_with?("certificate_")

        @words.fail("certificate_wrong", "address",
                    { problem: detail.sentence(@words.locale).delete_suffix("."), detail: detail.code })
      end

      # Nothing is sent after it. What cannot be trusted is shaken hands with all the same, to look at it.
      def handshake(plain, error)
        seen = { errors: [], detail: error.detail }
        socket = OpenSSL::SSL::SSLSocket.new(plain, context(seen))
        socket.hostname = @uri.hostname unless @uri.hostname.match?(/\A[\d.:]+\z/)
        return seen unless @way.handshake(socket)

        seen.merge!(peer: socket.peer_cert, version: socket.ssl_version, cipher: socket.cipher.first)
        # A server that speaks TLS 1.3 says only now that it wants another certificate, or one at all.
        socket.read_nonblock(1) if seen[:asked] && plain.to_io.wait_readable(2)
        seen
      rescue OpenSSL::SSL::SSLErrorWaitReadable
        seen
      rescue OpenSSL::SSL::SSLError, SystemCallError, IOError
        seen.merge(refused: true)
      end

      def context(seen)
        context = OpenSSL::SSL::SSLContext.new
        # What is older than 1.2 is to be seen as what it is.
        context.security_level = 0
        context.min_version = OpenSSL::SSL::TLS1_VERSION
        context.verify_mode = OpenSSL::SSL::VERIFY_PEER
        context.cert_store = @way.authorities
        context.verify_callback = lambda do |good, store|
          seen[:errors] << store.error unless good
          true
        end
        show_client(context, seen)
        context
      end

      # Asked is who is asked for a certificate.
      def show_client(context, seen)
        chain = @way.client_certificates
        key = @way.client_key
        context.client_cert_cb = lambda do |_|
          seen[:asked] = true
          chain.empty? || key.nil? ? nil : [chain.first, key]
        end
      end

      def wrong(code, peer)
        since = code == "certificate_expired" ? peer.not_after : peer.not_before
        @words.fail(code, "address",
                    { "not_before" => peer.not_before.utc.iso8601, "not_after" => peer.not_after.utc.iso8601,
                      "names" => names(peer),
                      "since" => since.utc.strftime("%Y-%m-%d"), "host" => @uri.hostname })
      end

      def names(peer)
        named = peer.extensions.find { |extension| extension.oid == "subjectAltName" }&.value.to_s
        named.scan(/(?:DNS|IP Address):([\w.*:-]+)/).flatten
      end

      def silent(error) = @words.fail(error.reason.code, "address", key: "silent")
    end
    private_constant :Network
  end
end
