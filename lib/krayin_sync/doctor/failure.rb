# frozen_string_literal: true

module KrayinSync
  class Doctor
    # Why the set-up cannot work, by what came back and by a few pages that take no token.
    # @api private
    class Failure
      include Opaque

      # Where new people are shown to, by every Krayin.
      LOGIN = "/admin/login"
      # What the set-up tells by a code of its own, and what was looked at then.
      SETTINGS = { "address_private" => "address", "user_sees_not_all" => "user", "pipeline_missing" => "pipeline",
                   "stage_missing" => "pipeline" }.freeze
      private_constant :SETTINGS

      class << self
        # @param error [ConfigurationError]
        # @return [Array<Finding>]
        def of_settings(error, words)
          code = error.problems.first&.code
          return [words.fail(code, SETTINGS[code])] if SETTINGS.key?(code)
          return [words.fail("authorities_missing", "address")] if code == "no_authorities"

          [words.fail("settings_wrong", "settings",
                      { problem: sentence(error, words), problems: error.problems.map(&:code) })]
        end

        # @return [Finding]
        def unexpected(error, words)
          words.fail(error.reason.code, "address", { problem: sentence(error, words) }, key: "unexpected")
        end

        private

        def sentence(error, words)
          error.reason.sentence(words.locale).delete_suffix(".")
        end
      end

      # @param session [Session] of the set-up
      def initialize(error, session, words)
        @error = error
        @session = session
        @url = Native.plain_address(session.settings["api_url"].to_s)
        @words = words
      end

      # @return [Array<Finding>]
      def findings
        return [self.class.unexpected(@error, @words)] unless @error.is_a?(ApiError)
        return [network.without_answer(@error)] if status.nil?

        found = by_answer
        found.is_a?(Array) ? found : [found]
      end

      private

      def network = @network ||= Network.new(@session, @url, @words)

      def status = @error.code

      def headers = @error.response&.headers.to_h

      def body = @error.response&.body.to_s.dup.force_encoding("UTF-8").scrub("")

      def page? = body.match?(/\A\s*(?:\uFEFF)?</)

      def by_answer
        return network.proxy("proxy_password") if @error.detail&.code == "proxy_password"
        return redirect if (300..399).cover?(status)
        return @words.fail("https_expected", "address", { address: https_address }) if https_expected?
        return login_of_web_server if login_of_web_server?
        return client_certificate if client_certificate?

        refusal || unavailable || other
      end

      def refusal
        return no_krayin if fails_altogether?
        return token if @error.is_a?(AuthenticationError) && !page?

        case @error
        when AuthenticationError, PermissionError then page? ? blocked("request_blocked_all") : permission
        when RateLimitError then limit
        when BlockedError then blocked("request_blocked")
        end
      end

      def https_expected? = status == 400 && body.match?(/plain HTTP (?:request was sent )?to (?:an )?(?:HTTPS|SSL)/i)

      def https_address = @url.sub(/\Ahttp:/, "https:").chomp("/")

      # The token is a bearer's: who asks for another scheme is not Krayin.
      def login_of_web_server? = status == 401 && headers["www-authenticate"].to_s.match?(/\A(?!bearer)\w/i)

      def blocked(key) = @words.fail("request_blocked", "address", { path: shown_path, status: status }, key: key)

      # In production Krayin answers a refused token as it does a failure: then its login tells whether it works at all.
      def fails_altogether?
        return false unless status == 500

        page? || network.page("#{base}#{LOGIN}").then { |login| login && login.status >= 500 }
      end

      def login_of_web_server = @words.fail("web_server_password", "token", { path: api_path })

      # nginx says so in a page; other servers end the connection.
      def client_certificate? = [400, 495, 496].include?(status) && body.match?(/SSL certificate/i)

      def client_certificate
        missing = status == 496 || body.match?(/No required/i)
        @words.fail("client_certificate_#{missing ? "missing" : "refused"}", "address", { status: status })
      end

      def token
        refused = @words.fail("token_refused", "token", key: formed? ? "token_refused" : "token_refused_form")
        [refused, (dropped if without_token_alike?)].compact
      end

      def formed? = @session.settings["api_token"].to_s.strip.match?(/\A\d+\|\w{20,}\z/)

      # Whether a token came to Krayin at all cannot be known from outside. Each of its versions answers one that is
      # wrong and none alike, to the last letter (tests/contract, auth.json), it looks for it in this one header, and a
      # token that would be answered otherwise is one that works. Where the two answers differ, somebody has read it;
      # where they do not, it may have been dropped: that is said as the possibility that it is.
      def without_token_alike?
        bare = network.page("#{api_path}/get", as_call: true)
        bare && bare.status == status && same_answer?(bare.body, body)
      end

      # Debug mode adds a trace, with times in it.
      def same_answer?(one, other)
        one, other = [one, other].map { |text| JSON.parse(text, max_nesting: false) }
        one.is_a?(Hash) && other.is_a?(Hash) ? one["message"] == other["message"] : one == other
      rescue JSON::ParserError
        one == other
      end

      def dropped
        software = headers["server"].to_s[/\A[A-Za-z]+/]
        key = { "apache" => "authorization_dropped_apache", "nginx" => "authorization_dropped_nginx" }
              .fetch(software.to_s.downcase, "authorization_dropped")
        @words.note("authorization_dropped", "token", { server: software }.compact, key: key)
      end

      def permission = @words.fail("permission_missing", "user", { path: shown_path })

      def limit
        details = { seconds: @error.retry_after.to_f.ceil, retry_after: @error.retry_after }
        return @words.fail("requests_spent", "token", details) unless page? || @error.detail&.code == "too_many_of_kind"

        @words.fail("requests_slowed", "address", details)
      end

      def unavailable
        return @words.fail("maintenance", "address", { status: status }) if status == 503
        return unless [502, 504].include?(status) || (520..526).cover?(status)

        @words.fail("server_unavailable", "address", { status: status })
      end

      def redirect
        target = URI.join(@url, headers.fetch("location"))
        raise URI::InvalidURIError unless target.host

        code = where_to(target)
        address = "#{target.scheme}://#{target.host}#{":#{target.port}" if odd_port?(target)}"
        @words.fail(code, "address", { status: status, to: address, address: "#{address}#{base}" })
      rescue URI::Error, KeyError
        @words.fail("redirect", "address", { status: status }, key: "redirect_nowhere")
      end

      def where_to(target)
        uri = URI.parse(@url)
        return "redirect_to_login" if target.path.match?(%r{/login\b})
        return "redirect_to_https" if uri.scheme == "http" && target.scheme == "https"
        return "redirect_to_host" if uri.host != target.host

        "redirect"
      end

      def odd_port?(uri) = uri.port != uri.default_port

      # 404, a web page with 200, and whatever else is no answer of Krayin's.
      def other
        return page_before if status == 200 && page? && (further? || !(public? || krayin?))
        return package_odd if further?
        return @words.fail("document_root", "address", { path: "#{base}/public" }) if public?
        return package_missing if krayin?

        shorter = base.sub(%r{/admin(?:/.*)?\z}, "")
        return no_krayin unless shorter != base && krayin?(shorter)

        @words.fail("address_of_page", "address", { address: URI.join(@url, "#{shorter}/").to_s.chomp("/") })
      end

      # Whether Krayin has answered before: it was no call of the beginning that failed.
      def further? = !["", "get"].include?(@error.path.to_s)

      def package_odd
        code = status == 200 ? "api_package_odd" : "api_package_old"
        return no_krayin if status >= 500

        @words.fail(code, "address", { path: @error.path.to_s, status: status })
      end

      def page_before
        title = body[/<title[^>]*>\s*([^<]{1,80})/i, 1].to_s.gsub(/[^[:print:]]/, "").strip
        @words.fail("page_before_krayin", "address", { title: title, path: api_path },
                    key: title.empty? ? "page_before_krayin" : "page_before_krayin_titled")
      end

      def no_krayin
        return @words.fail("server_failed", "address", { status: status }) if status >= 500

        @words.fail("not_krayin", "address", { status: status, path: "#{base}#{LOGIN}" })
      end

      # Whether the API is there one folder below: then the web server shows the whole of Krayin's folder.
      def public?
        page = network.page("#{base}/public/api/v1/get", as_call: true)
        page && [401, 500].include?(page.status) && page.body.lstrip.start_with?("{")
      end

      def krayin?(folder = base)
        page = network.page("#{folder}#{LOGIN}")
        page&.status == 200 && "#{page.headers["set-cookie"]} #{page.body}".match?(/krayin|XSRF-TOKEN|laravel_session/i)
      end

      def package_missing = @words.fail("api_package_missing", "address", { path: api_path })

      def shown_path = "#{api_path}/#{@error.path}"

      def base = URI.parse(@url).path.sub(%r{/api(?:/(?:v1|admin))?/?\z}, "").chomp("/")

      def api_path = "#{base}#{@session.settings["api_dialect"] == "documented" ? "/api/admin" : "/api/v1"}"
    end
    private_constant :Failure
  end
end
