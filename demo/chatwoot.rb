# frozen_string_literal: true

require "rack"
require "webrick"
require_relative "../spec/chatwoot/support/small_chatwoot"

# The small Chatwoot of the specs with its own PostgreSQL, Redis and Sidekiq, beside a simulated Krayin: saves records
# as people do, and shows what its events bring to Krayin.
class ChatwootDemo
  include SmallChatwoot::Steps

  # What the report's lines tell, and what is done.
  STEPS = {
    "a visitor opens the chat" => :visitor,
    "she gives her address, and asks" => :question,
    "an agent takes it, and notes something" => :answer,
    "the agent labels it and resolves it" => :resolve,
    "a customer writes on WhatsApp, with a photo" => :whatsapp,
    "his name is corrected" => :correction,
    "he writes again: nothing new of him" => :again,
    "a list of 5 is imported, without events" => :import,
    "the sweep runs" => :sweep
  }.freeze

  def initialize(options, report)
    @options = options
    @report = report
  end

  # Whether all of it arrived.
  def run
    start
    STEPS.each { |text, step| show(text, step) }
    @report.say "", "Now in Krayin:"
    @report.table(@krayin.records, stages)
    @report.say "", "Look at both: #{page(@krayin.url)} is Krayin, #{@address} the small Chatwoot."
    good = Sidekiq::DeadSet.new.size.zero?
    stay if @options[:keep]
    good
  ensure
    @web&.shutdown
    SmallChatwoot.stop
  end

  private

  def start
    SmallChatwoot.start
    @krayin = Krayin.new(servers, "krayin", throttle: false, server: @options.fetch(:server, "2.1.0"))
    @sidekiq = SmallChatwoot.sidekiq(message_delay: 0.2)
    @address = serve
    @account, @hook = connect(@krayin, sync_conversations: true, sync_messages: true, sync_to_organization: true)
    @report.say "Krayin #{@options.fetch(:server, "2.1.0")}, simulated, at #{page(@krayin.url)}",
                "A small Chatwoot with Rails #{Rails.version} and Sidekiq #{Sidekiq::VERSION}, at #{@address}"
    eventually { @hook.reload.settings.values_at("traits", "setup_error").any? }
    raise @hook.settings["setup_error"] if @hook.settings["setup_error"]

    @report.say "Connected: leads go to #{@hook.settings["default_pipeline_name"]}", ""
  end

  def stages
    client = KrayinSync::Api::LeadClient.new(@krayin.url, @krayin.tokens.first)
    client.get_pipelines.flat_map { |pipeline| pipeline.fetch("stages", []) }.to_h { |one| one.values_at("id", "name") }
  end

  def page(url) = URI.join(url, "/").to_s

  def serve
    quiet = { Logger: WEBrick::Log.new(File::NULL), AccessLog: [], BindAddress: "127.0.0.1", Port: 0 }
    @web = WEBrick::HTTPServer.new(quiet)
    @web.mount("/", Rack::Handler::WEBrick, Rails.application)
    Thread.new { @web.start }
    "http://127.0.0.1:#{@web.listeners.first.addr[1]}/"
  end

  def show(text, step)
    @krayin.forget_requests
    send(step)
    settle
    sent = @krayin.requests.map { |request| "#{request["method"]} #{request["path"]}" }.tally
    sent = sent.map { |request, times| times == 1 ? request : "#{times} x #{request}" }
    @report.say "#{text.ljust(44)} #{sent.empty? ? "-" : sent.join(", ")}"
  end

  def visitor = @jane = @account.contacts.create!(name: "little-feather-71")

  def question
    @jane.update!(name: "Jane Doe", email: "jane@acme.example", additional_attributes: { "company_name" => "Acme" })
    @talk = conversation(@jane, inbox(@account, "WebWidget"))
    message(@talk, "Where is my order?")
  end

  def answer
    @ann = User.create!(name: "Ann Agent")
    @talk.update!(assignee: @ann)
    message(@talk, "It left yesterday.", from: @ann)
    message(@talk, "She is a difficult one.", from: @ann, private: true)
  end

  def resolve = @talk.reload.update!(label_list: %w[order vip], status: :resolved)

  def whatsapp
    @ben = @account.contacts.create!(name: "ben", phone_number: "+14155550111")
    @call = conversation(@ben, inbox(@account, "Whatsapp"))
    photo = message(@call, "It came broken, see the photo")
    Attachment.create!(message: photo, account_id: @account.id, file_type: :image, fallback_title: "broken.png")
  end

  def correction = @ben.reload.update!(name: "Ben Fischer")

  def again = message(@call, "Are you there?")

  def import
    now = Time.now
    Contact.insert_all((1..5).map do |number|
      { name: "Row #{number}", email: "row#{number}@list.example", account_id: @account.id, created_at: now,
        updated_at: now }
    end)
  end

  def sweep = KrayinSync::Chatwoot::Sweep.new(since: Time.now - 60).run

  def stay
    @report.say "Ctrl-C ends it."
    sleep
  rescue Interrupt
    @report.say ""
  end
end
