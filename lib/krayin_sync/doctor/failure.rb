# frozen_string_literal: true

module KrayinSync
  class Doctor
    # Why the set-up cannot work, by what came back and by a few pages that take no token.
    # @api private
    class Failure
      # Where new people are shown to, by every Krayin.
      LOGIN = "/admin/login"

      # @return [Array<Finding>]
      def self.of_settings(error)
        code = error.problems.first&.code
        return [private_address] if code == "address_private"

        told = [
          ["user_sees_not_all", "user", "the token's user does not see all records, so searches fail",
           "Give the user global view permission: in Krayin under Settings, Users."],
          ["pipeline_missing", "pipeline", "Krayin has no pipeline", "Create one: Settings, Pipelines."],
          ["stage_missing", "pipeline", "Krayin's pipeline has no stage", "Add one: Settings, Pipelines."]
        ].find { |known, *| known == code }
        return [Finding.new("fail", *told)] if told

        [Finding.new("fail", "settings_wrong", "settings", error.message, "Correct the setting, then look again.")]
      end

      def self.private_address
        Finding.new("fail", "address_private", "address", "the host has an address of a private network",
                    "If that is meant, name it in KRAYIN_SYNC_ALLOWED_HOSTS.")
      end

      def initialize(error, url, settings)
        @error = error
        @url = url
        @settings = settings
      end

      # @return [Array<Finding>]
      def findings
        return [unexpected] unless @error.is_a?(ApiError)
        return [self.class.private_address] if @error.detail&.code == "host_private"
        return [network.without_answer(@error)] if status.nil?

        found = by_answer
        found.is_a?(Array) ? found : [found]
      end

      private

      def network = @network ||= Network.new(@url)

      def status = @error.code

      def headers = @error.response&.headers.to_h

      def body = @error.response&.body.to_s.dup.force_encoding("UTF-8").scrub("")

      def page? = body.match?(/\A\s*(?:\uFEFF)?</)

      def unexpected = Finding.new("fail", @error.reason.code, "address", @error.message, "Look again.")

      def by_answer
        return redirect if (300..399).cover?(status)
        return login_of_web_server if status == 401 && headers["www-authenticate"].to_s.match?(/\A(?:basic|digest)/i)
        return token if @error.is_a?(AuthenticationError)

        case @error
        when PermissionError then permission
        when RateLimitError then limit
        else unavailable || other
        end
      end

      def login_of_web_server
        Finding.new("fail", "web_server_password", "token", "the web server asks for a password of its own",
                    "Leave #{api_path} out of it: the token goes in the same header.")
      end

      # Krayin answers alike whether the token is wrong or never came: only the web server's settings tell.
      def token
        refused = Finding.new("fail", "token_refused", "token", "Krayin refuses the token",
                              "Create a new API token in Krayin for a user who is active.")
        refused.message += ", which has not the form of one (12|AbC…)" unless formed?
        [refused, (dropped if without_token_alike?)].compact
      end

      def formed? = @settings["api_token"].to_s.match?(/\A\d+\|\w{20,}\z/)

      def without_token_alike?
        page = network.page("#{base}#{@settings["api_dialect"] == "documented" ? "/api/admin" : "/api/v1"}/get")
        page && (page.code.to_i == status || [401, 500].include?(page.code.to_i))
      end

      def dropped
        software = headers["server"].to_s[/\A[A-Za-z]+/]
        Finding.new("note", "authorization_dropped", "token",
                    "the answer is the same with and without a token: the web server#{if software
                                                                                        " (#{software})"
                                                                                      end} may " \
                    "drop the header Authorization before PHP",
                    "If a new token is refused too: Apache needs `CGIPassAuth On`, nginx `fastcgi_param " \
                    "HTTP_AUTHORIZATION $http_authorization;`, a proxy must pass the header on.",
                    { "server" => software }.compact)
      end

      def permission
        Finding.new("fail", "permission_missing", "user", "the token's user may not read what the sync needs",
                    "Give the user a role with all permissions: in Krayin under Settings, Roles.")
      end

      def limit
        Finding.new("fail", "requests_spent", "token", "the requests of this minute are spent",
                    "Try again in #{@error.retry_after.to_f.ceil} s; give the sync a user of its own.",
                    { "retry_after" => @error.retry_after })
      end

      def unavailable
        return maintenance if status == 503
        return unless [502, 504].include?(status) || (520..526).cover?(status)

        Finding.new("fail", "server_unavailable", "address", "a proxy answers (#{status}), what is behind it does not",
                    "Start PHP behind the web server (php-fpm), and look into the proxy's log.", { "status" => status })
      end

      def maintenance
        Finding.new("fail", "maintenance", "address", "Krayin, or what is before it, says that it is worked on (503)",
                    "On Krayin's machine: `php artisan up`. Else the web server's log tells why.", { "status" => 503 })
      end

      def redirect
        target = URI.join(@url, headers["location"].to_s)
        code, advice = where_to(target)
        shown = "#{target.scheme}://#{target.host}#{":#{target.port}" unless target.port == target.default_port}"
        Finding.new("fail", code, "address", "the server redirects to #{shown}, which would send the token elsewhere",
                    advice, { "status" => status, "to" => shown })
      rescue URI::Error
        Finding.new("fail", "redirect", "address", "the server redirects (#{status}), and does not say where to",
                    "Use the address that the web server does not redirect.", { "status" => status })
      end

      def where_to(target)
        uri = URI.parse(@url)
        fixed = "Use the address #{target.scheme}://#{target.host}#{":#{target.port}" if odd_port?(target)}#{base}."
        return ["redirect_to_login", login_advice] if target.path.match?(%r{/login\b})
        return ["redirect_to_https", fixed] if uri.scheme == "http" && target.scheme == "https"
        return ["redirect_to_host", fixed] if uri.host != target.host

        ["redirect", "Use the address that the web server does not redirect: #{fixed}"]
      end

      def odd_port?(uri) = uri.port != uri.default_port

      def login_advice = "Check the address: it must be Krayin's own, and nothing before it may ask for a login."

      # 404, a web page with 200, and whatever else is no answer of Krayin's.
      def other
        return below_public if public?
        return package_missing if krayin?
        return no_krayin unless status == 200 && page?

        title = body[/<title[^>]*>\s*([^<]{1,80})/i, 1].to_s.gsub(/[^[:print:]]/, "").strip
        Finding.new("fail", "page_before_krayin", "address",
                    "a web page comes instead of Krayin's answer#{" (“#{title}”)" unless title.empty?}",
                    "Let the path #{api_path} through the portal, firewall or login that stands before Krayin.",
                    { "title" => title })
      end

      def no_krayin
        if status >= 500
          return Finding.new("fail", @error.reason.code, "address", "Krayin fails (#{status})",
                             "Look into its log: storage/logs/laravel.log.", { "status" => status })
        end

        Finding.new("fail", "not_krayin", "address",
                    "what answers (#{status}) is no Krayin: #{base}#{LOGIN} is not there",
                    "Check the address: the one under which #{LOGIN} shows Krayin's login.", { "status" => status })
      end

      # Whether the API is there one folder below: then the web server shows the whole of Krayin's folder.
      def public?
        page = network.page("#{base}/public/api/v1/get")
        page && [401, 500].include?(page.code.to_i) && page.body.to_s.lstrip.start_with?("{")
      end

      def below_public
        Finding.new("fail", "document_root", "address",
                    "the web server's document root is Krayin's folder, not its public/: Krayin answers at " \
                    "#{base}/public, and its secrets may be open to everybody",
                    "Set the document root to Krayin's public/ folder.")
      end

      def krayin?
        page = network.page("#{base}#{LOGIN}")
        page&.code == "200" && "#{page["set-cookie"]} #{page.body}".match?(/krayin|XSRF-TOKEN|laravel_session/i)
      end

      def package_missing
        path = @error.path.to_s
        return package_old(path) unless path.empty? || path == "get"

        Finding.new("fail", "api_package_missing", "address", "this is a Krayin, but it has no REST API (#{api_path})",
                    "Install its package: `composer require krayin/rest-api`, then " \
                    "`php artisan krayin-rest-api:install`.")
      end

      def package_old(path)
        Finding.new("fail", "api_package_old", "address", "Krayin's REST API has no #{path}",
                    "Update its package: `composer update krayin/rest-api`.", { "path" => path })
      end

      def base = URI.parse(@url).path.sub(%r{/api/(?:v1|admin)/?\z}, "").chomp("/")

      def api_path = "#{base}/api/v1"
    end
    private_constant :Failure
  end
end
