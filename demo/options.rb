# frozen_string_literal: true

require "optparse"

# What bin/demo is told: {chatwoot:, again:, keep:, json:, events:, server:}
module Options
  SERVERS = %w[2.1.0 2.2.3-official 2.2.3-community documented].freeze

  def self.parse(arguments)
    options = { events: File.join(__dir__, "events.jsonl") }
    parser = parser_for(options)
    left = parser.parse(arguments)
    raise OptionParser::InvalidArgument, left.first unless left.empty?
    raise OptionParser::InvalidArgument, "no file #{options[:events]}" unless File.file?(options[:events])

    options
  rescue OptionParser::ParseError => e
    warn "bin/demo: #{e.message}", "", parser
    exit 2
  end

  def self.parser_for(options)
    OptionParser.new do |parser|
      parser.banner = "Usage: bin/demo [options]"
      parser.on("--chatwoot", "Save records in a small Chatwoot, with a PostgreSQL, Redis and Sidekiq of its own,",
                "instead of sending a file of events") { options[:chatwoot] = true }
      parser.on("--again", "A second run over the same Krayin: of a demo kept with --keep,",
                "or else the file twice, of which the second is shown") { options[:again] = true }
      parser.on("--keep", "Leave it running, with a page to look at") { options[:keep] = true }
      parser.on("--json FILE", "Write the figures to FILE") { |file| options[:json] = file }
      parser.on("--events FILE", "Events to send, one JSON object a line") { |file| options[:events] = file }
      parser.on("--server SERVER", SERVERS, "Which Krayin to simulate: #{SERVERS.join(", ")}") do |server|
        options[:server] = server
      end
      parser.on("-h", "--help", "Show this") do
        puts parser
        exit
      end
    end
  end
  private_class_method :parser_for
end
