# frozen_string_literal: true

# Ruby ends an overflow by a jump out of wherever it was: out of the core it would leave locks held, and every later
# call waiting for them.
RSpec.describe "a stack with little left" do
  let(:krayin) { SimulatedKrayin.of("2.1.0") }
  let(:scheduler) { File.expand_path("../support/fiber_scheduler.rb", __dir__) }

  # The least that Ruby gives a fiber, and a thread.
  let(:smallest) { { "RUBY_FIBER_MACHINE_STACK_SIZE" => "131072", "RUBY_THREAD_MACHINE_STACK_SIZE" => "131072" } }

  # Ruby's own frames are more than the machine's stack holds.
  let(:wide) { { "RUBY_FIBER_VM_STACK_SIZE" => "16777216", "RUBY_THREAD_VM_STACK_SIZE" => "16777216" } }

  def run(script, env)
    settings = krayin.settings.merge("sync_conversations" => true)
    Child.run(preamble + script, JSON.generate(settings), scheduler, env: env)
  end

  let(:preamble) { <<~'RUBY' }
    require ARGV[1]
    SETTINGS = JSON.parse(ARGV[0])
    HOOK = Struct.new(:app_id, :settings).new("krayin", SETTINGS)
    def process(name, data)
      KrayinSync::ProcessorService.new(inbox: nil, hook: HOOK, event_name: name, event_data: data).perform[:status]
    end
    def contact(id)
      { id: id, name: "Stack", email: "stack#{id}@example.com", phone_number: "+1415555#{1_000 + (id % 9_000)}",
        additional_attributes: { company_name: "S Ltd" } }
    end
    def event(id) = process("contact.created", contact: contact(id))
    def conversation(id)
      message = { id: id, message_type: "incoming", content: "**Hello** <b>x</b>\n- y\n" * 500, sender: { name: "Jane" } }
      process("conversation_created", conversation: { id: id, display_id: id, channel_type: "Channel::Email",
                                                      contact: contact(id), messages: [message] })
    end
    def https
      KrayinSync::Api::BaseClient.new("https://127.0.0.1:9", "1|a").get("get")
    rescue KrayinSync::UnavailableError
      "unavailable"
    end
    def parse(number) = KrayinSync::Mappers::ContactMapper.map_to_person({ name: "x", phone_number: number }).to_s[number]
    def in_fiber(&) = Fiber.new(&).resume
    def in_thread(&) = Thread.new(&).value
    def in_scheduled(&work)
      Thread.new do
        Fiber.set_scheduler(FiberScheduler.new)
        Fiber.schedule { Thread.current.thread_variable_set(:done, work.call) }
        Fiber.set_scheduler(nil)
        Thread.current.thread_variable_get(:done)
      end.value
    end
    WAYS = %i[in_fiber in_thread in_scheduled].freeze
    def down(depth, &work) = depth.zero? ? work.call : [1].map { down(depth - 1, &work) }.first
    def tried(depth, &work)
      down(depth, &work)
    rescue SystemStackError
      "overflow"
    end
  RUBY

  it "is enough for every kind of call: in a fiber, in a thread, in a fiber that a scheduler runs" do
    output, status = run(<<~'RUBY', smallest)
      WAYS.each_with_index do |way, i|
        puts send(way) { [parse("+493012345678"), event(90_000 + i), conversation(90_010 + i), https].join(" ") }
      end
      puts Enumerator.new { |found| found << event(90_020) }.next
    RUBY
    expect(output).to eq("#{"+493012345678 synced synced unavailable\n" * 3}synced\n")
    expect(status).to be_success
  end

  it "overflows where nothing is held, from whatever depth a call is made: the next works" do
    [smallest, wide].each do |env|
      output, status = run(<<~'RUBY', env)
        id = 91_000
        WAYS.each do |way|
          deepest = 10
          deepest += 10 until send(way) { tried(deepest) { "there" } } == "overflow"
          depths = deepest.step(0, -[deepest / 40, 1].max)
          outcomes = depths.map { |depth| send(way) { tried(depth) { event(id += 1) } } }
          puts "#{way} #{outcomes.uniq.sort.join(" ")} #{send(way) { event(id += 1) }} #{event(id += 1)}"
        end
      RUBY
      ways = %w[in_fiber in_thread in_scheduled]
      expect(output).to eq(ways.map { |way| "#{way} overflow synced synced synced\n" }.join)
      expect(status).to be_success
    end
  end

  # An overflow that the system finds is told on a signal's stack, where Ruby's collector would look for references.
  it "overflows while a collection runs at each allocation: the process goes on" do
    output, status = run(<<~'RUBY', wide.merge(smallest))
      def collecting
        GC.stress = 1 # young objects alone: the roots are looked at all the same
        yield
      ensure
        GC.stress = false
      end
      id = 92_000
      event(id)
      WAYS.each do |way|
        deepest = 10
        deepest += 5 until send(way) { tried(deepest) { collecting { "there" } } } == "overflow"
        outcomes = []
        deepest.step(0, -3) do |depth|
          outcomes << send(way) { tried(depth) { collecting { event(id += 1) } } }
          break if outcomes.last == "synced"
        end
        puts "#{way} #{outcomes.uniq.sort.join(" ")} #{event(id += 1)}"
      end
    RUBY
    expect(output).to eq(%w[in_fiber in_thread in_scheduled].map { |way| "#{way} overflow synced synced\n" }.join)
    expect(status).to be_success
  end
end
