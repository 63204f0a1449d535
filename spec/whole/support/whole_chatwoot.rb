# frozen_string_literal: true

require "json"
require "net/http"
require "open3"
require_relative "../../chatwoot/support/krayin"
require_relative "../../chatwoot/support/servers"

# The whole Chatwoot of bin/chatwoot: started once for all examples, and spoken to as browsers and channels do.
module WholeChatwoot
  PROGRAM = File.expand_path("../../../bin/chatwoot", __dir__)
  CONSOLE = %w[inside env RAILS_LOG_TO_STDOUT= bundle exec rails runner
               /opt/krayin_sync/spec/whole/support/console.rb].freeze
  MARK = "\u001E"

  class << self
    # since: when they were begun with
    attr_reader :servers, :url, :since

    def start
      return if @url

      hold
      # What is due later is waited for in nearly every example.
      ENV["CHATWOOT_POLL"] ||= "1"
      # Where it runs already, it need not be made again.
      running = ENV.fetch("WHOLE_CHATWOOT", nil)
      told = running ? File.read(running) : command("start")
      @url = told[/FRONTEND_URL=(\S+)/, 1]
      @keep = running
      @servers = Servers.new
      @since = Time.now.to_f
      open_console
    end

    def stop
      return unless @url

      @console&.first&.close
      @servers.stop
      command("stop") unless @keep
      @url = nil
      @lock&.close
    end

    # @return [String] where it lies
    def folder = @folder ||= command("folder").strip

    # @return [String] what a server has said so far
    def log(name) = File.read(File.join(folder, "opt/run/#{name}.log")).scrub

    # @return [String] what it said
    def command(*arguments)
      said, status = Open3.capture2e(PROGRAM, *arguments.map(&:to_s))
      raise "bin/chatwoot #{arguments.first}: #{said.lines.last(25).join}" unless status.success?

      said
    end

    # Runs Ruby inside Chatwoot.
    # @param with [Hash{Symbol => Object}] local variables, as JSON has them
    def inside(code, **with)
      input, output = @console
      input.puts(JSON.generate(code: code, with: with))
      answer = next_answer(output)
      raise "#{answer["error"]}\n  #{answer["at"].join("\n  ")}" if answer["error"]

      answer["value"]
    end

    def open_console
      @console&.first&.close
      @console = Open3.popen2(PROGRAM, *CONSOLE, err: [@servers.log("console"), "a"])
      next_answer(@console[1])
    end

    # Sidekiq with these environment variables, for the block.
    def with_sidekiq(**environment)
      command("restart", "sidekiq", *environment.map { |name, value| "#{name}=#{value}" })
      yield
    ensure
      command("restart", "sidekiq")
    end

    # A file of the folder, for the block.
    def with_file(path, text)
      path = File.join(folder, path)
      File.write(path, text)
      yield
    ensure
      FileUtils.rm_f(path)
    end

    private

    # One run at a time: bin/chatwoot asks for the same lock, and is told that it has it.
    def hold
      return if ENV["CHATWOOT_HELD"] == folder

      @lock = File.open("#{folder}.lock", File::RDWR | File::CREAT)
      unless @lock.flock(File::LOCK_EX | File::LOCK_NB)
        warn "Process #{@lock.read.strip} uses the Chatwoot in #{folder}: waiting until it has ended. CHATWOOT_ROOT " \
             "names another folder."
        @lock.flock(File::LOCK_EX)
      end
      @lock.truncate(0)
      @lock.write(Process.pid.to_s)
      @lock.flush
      ENV["CHATWOOT_HELD"] = folder
    end

    def next_answer(output)
      output.each_line { |line| return JSON.parse(line.delete_prefix(MARK)) if line.start_with?(MARK) }
      raise "the console ended: #{File.read(@servers.log("console")).lines.last(10).join}"
    end
  end

  # An answer of Chatwoot's.
  Answer = Struct.new(:status, :body) do
    def [](key) = body[key]
  end

  # Sends requests as one browser or one program does.
  class Client
    def initialize(prefix, headers)
      @prefix = prefix
      @headers = headers
    end

    def get(path, **query) = send_request(Net::HTTP::Get, with_query(path, query))
    def post(path, **body) = send_request(Net::HTTP::Post, path, body)
    def patch(path, **body) = send_request(Net::HTTP::Patch, path, body)
    def delete(path) = send_request(Net::HTTP::Delete, path)

    private

    def with_query(path, query) = query.empty? ? path : "#{path}?#{URI.encode_www_form(query)}"

    def send_request(verb, path, body = nil)
      request = verb.new(@prefix + path, @headers.merge("Content-Type" => "application/json"))
      request.body = JSON.generate(body) if body
      WholeChatwoot.send_request(request)
    end
  end

  def self.send_request(request)
    uri = URI(url)
    answer = Net::HTTP.start(uri.host, uri.port, nil) { |http| http.request(request) }
    body = begin
      JSON.parse(answer.body.to_s)
    rescue JSON::ParserError
      answer.body
    end
    Answer.new(answer.code.to_i, body)
  end

  # A visitor of a website with Chatwoot's widget.
  class Visitor
    attr_reader :client

    def initialize(website_token)
      @token = website_token
      anonymous = Client.new("/api/v1/widget", {})
      config = anonymous.post("/config?website_token=#{@token}")
      @client = Client.new("/api/v1/widget", "X-Auth-Token" => config["website_channel_config"]["auth_token"])
    end

    # @return [Answer] begins a conversation by the form before the chat
    def begin_chat(text, name: nil, email: nil, phone: nil)
      contact = { name: name, email: email, phone_number: phone }.compact
      post("/conversations", contact: contact, message: message(text))
    end

    def say(text) = post("/messages", message: message(text))
    def identify(**fields) = client.patch("/contact?website_token=#{@token}", **fields)

    private

    def post(path, **body) = client.post("#{path}?website_token=#{@token}", **body)
    def message(text) = { content: text, referer_url: "https://shop.example/", timestamp: Time.now.to_s }
  end

  # An account with its administrator, a website and an inbox for programs.
  class Desk
    attr_reader :account, :user, :token, :website_token, :inboxes, :email

    MAKE = <<~RUBY
      account = Account.create!(name: name)
      user = User.new(name: "Ada Agent", email: email, password: "Password1!")
      user.skip_confirmation!
      user.save!
      AccountUser.create!(account: account, user: user, role: :administrator)
      account.enable_features!(:crm_integration)
      web = Channel::WebWidget.create!(account: account, website_url: "https://shop.example")
      program = Channel::Api.create!(account: account)
      inboxes = { web: Inbox.create!(account: account, channel: web, name: "Web").id,
                  api: Inbox.create!(account: account, channel: program, name: "Api").id }
      Redis::Alfred.delete(Redis::Alfred::CHATWOOT_INSTALLATION_ONBOARDING)
      { account: account.id, user: user.id, token: user.access_token.token, website_token: web.website_token,
        inboxes: inboxes }
    RUBY

    def initialize(name)
      @email = "ada-#{name.downcase.tr(" ", "-")}-#{rand(1_000_000)}@desk.example"
      made = WholeChatwoot.inside(MAKE, name: name, email: @email)
      @account, @user, @website_token, @inboxes = made.values_at("account", "user", "website_token", "inboxes")
      @token = made["token"]
    end

    def agent = @agent ||= Client.new("/api/v1/accounts/#{account}", "api_access_token" => @token)
    def visitor = Visitor.new(website_token)

    # @return [Answer] of the form that connects Krayin
    def connect(settings) = agent.post("/integrations/hooks", hook: { app_id: "krayin", settings: settings })

    def hook
      WholeChatwoot.inside("Integrations::Hook.find_by(app_id: 'krayin', account_id: account)&.attributes",
                           account: account)
    end

    def app = agent.get("/integrations/apps")["payload"].find { |app| app["id"] == "krayin" }
  end

  # What the examples say.
  module Steps
    def servers = WholeChatwoot.servers
    def inside(code, **with) = WholeChatwoot.inside(code, **with)

    # Waits until the block is true. How long that may take is a guard against waiting for ever, on a machine that has
    # much else to do: no example says by it how fast anything is.
    def eventually(seconds = 180, step: 0.2)
      give_up = Process.clock_gettime(Process::CLOCK_MONOTONIC) + seconds
      until (value = yield)
        raise "not within #{seconds} s; #{pending_jobs}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > give_up

        sleep step
      end
      value
    end

    def pending_jobs = inside("DeskJobs.new(account).pending", account: account)

    # What ended for good since these examples began, of this desk's jobs or by our fault.
    def dead_jobs = inside("DeskJobs.new(account).dead(since)", account: account, since: WholeChatwoot.since)

    def sweep = inside("KrayinSync::Chatwoot::SweepJob.enqueue; 1")
    def rake(task) = WholeChatwoot.command("inside", "env", "RAILS_LOG_TO_STDOUT=", "bundle", "exec", "rake", task)

    def settle(seconds = 240)
      quiet = 0
      eventually(seconds) { (quiet = pending_jobs.values.sum.zero? ? quiet + 1 : 0) >= 4 }
    end

    # A desk whose Krayin is connected and set up.
    def connected_desk(name, krayin, **settings)
      desk = WholeChatwoot::Desk.new(name)
      answer = desk.connect(krayin.settings(**settings))
      raise "not connected: #{answer.to_a}" unless answer.status == 200

      eventually { desk.hook["settings"]["traits"] }
      desk
    end

    # Its jobs go with it.
    def disconnect(*desks)
      inside("Integrations::Hook.where(account_id: accounts, app_id: 'krayin').destroy_all.size",
             accounts: desks.map(&:account))
    end

    private

    # One's own desk's, where there is one.
    def account = (desk.account if respond_to?(:desk))
  end
end

if defined?(RSpec)
  RSpec.configure do |config|
    config.include WholeChatwoot::Steps, :whole
    config.before(:suite) { WholeChatwoot.start }
    config.after(:suite) { WholeChatwoot.stop }
  end
end
