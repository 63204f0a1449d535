# frozen_string_literal: true

# What the extension does in a process's life, for a checker of memory to watch (bin/sanitize): events, errors,
# interrupts in the middle of calls, fibers, callbacks that raise, panics, collections and compactions.

require "json"
require "krayin_sync"
require "socket"
require "timeout"
require_relative "../../spec/support/fiber_scheduler"

SETTINGS = JSON.parse(ARGV.fetch(0))
HOOK = Struct.new(:app_id, :settings).new("krayin", SETTINGS)
CLIENT = KrayinSync::Api::BaseClient.new(SETTINGS["api_url"], SETTINGS["api_token"])

def event(name, data)
  KrayinSync::ProcessorService.new(inbox: nil, hook: HOOK, event_name: name, event_data: data).perform
end

def contact(id)
  { id: id, name: "Sanitized #{id}", email: "sanitized#{id}@example.com", phone_number: "+1415555#{id}",
    additional_attributes: { company: "S Ltd" } }
end

def conversation(id)
  message = { id: id, message_type: "incoming", content: "Hello **there** <b>x</b>", sender: { name: "Jane" } }
  { id: id, display_id: id, channel_type: "Channel::Email", contact: contact(id), messages: [message] }
end

def raises(*errors)
  yield
  abort "no error"
rescue *errors
  nil
end

def events
  10.times do |i|
    event("contact.created", contact: contact(1_000 + i))
    event("conversation_created", conversation: conversation(1_000 + i))
    GC.start if (i % 4).zero?
    GC.compact if (i % 4) == 2
  end
  8.times.map { |i| Thread.new { event("contact.created", contact: contact(2_000 + (i % 3))) } }.each(&:join)
end

def errors
  raises(KrayinSync::ConfigurationError) { KrayinSync::Api::BaseClient.new("nowhere", "x") }
  raises(KrayinSync::EventError) { event("contact.created", {}) }
  raises(KrayinSync::AuthenticationError) do
    KrayinSync::Api::PersonClient.new(SETTINGS["api_url"], "1|wrong").get_person(1)
  end
  raises(KrayinSync::ApiError) { CLIENT.post("leads", title: nil) }
  raises(KrayinSync::InternalError) { KrayinSync::Native.panic(:task) }
  raises(KrayinSync::InternalError) { KrayinSync::Native.panic(:here) }
  KrayinSync.records = Class.new(KrayinSync::Records::Memory) { def load(*) = raise(IOError, "on purpose") }.new
  raises(IOError) { event("contact.created", contact: contact(3_000)) }
ensure
  KrayinSync.records = KrayinSync::Records::Memory.new
end

# A server that takes a request and says nothing.
def interrupts
  server = TCPServer.new("127.0.0.1", 0)
  held = KrayinSync::Api::BaseClient.new("http://127.0.0.1:#{server.addr[1]}", "1|a")
  raises(Timeout::Error) { Timeout.timeout(0.5) { held.get("get") } }
  threads = 4.times.map { Thread.new { held.get("get") } }
  threads.each { |thread| thread.report_on_exception = false }
  sleep 0.5
  threads.first(2).each { |thread| thread.kill.join }
  threads.last(2).each do |thread|
    thread.raise(IOError, "stop")
    raises(IOError) { thread.join }
  end
  CLIENT.get("get")
end

def fibers
  Thread.new do
    Fiber.set_scheduler(FiberScheduler.new)
    4.times { |i| Fiber.schedule { event("contact.created", contact: contact(4_000 + i)) } }
  end.join
end

def forks
  Process.wait(fork { exit!(CLIENT.get("get") ? 0 : 1) })
  abort "the child failed" unless $?.success? # rubocop:disable Style/SpecialGlobalVars
end

def stress
  GC.stress = true
  CLIENT.get("get")
  KrayinSync::Mappers::ContactMapper.map_to_lead({ name: "x" }, 1, SETTINGS)
  KrayinSync::ExternalId.build(KrayinSync::ExternalId.parse("krayin:person:1|krayin:lead:2"))
ensure
  GC.stress = false
end

%i[events errors interrupts fibers forks stress].each do |part|
  send(part)
  puts "#{part} done"
end
